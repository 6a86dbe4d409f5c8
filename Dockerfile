# CollabDocs as an image: the editor is built by Node, the Python parts are put into /venv, and only what runs is kept.
#   docker build -t collabdocs .
#   docker run -v collabdocs:/data collabdocs python manage.py migrate
#   docker run -v collabdocs:/data -p 8000:8000 collabdocs

FROM docker.io/library/node:20-bookworm-slim AS editor
WORKDIR /build/editor
COPY editor/package.json editor/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY editor ./
RUN npm run build

FROM docker.io/library/python:3.11-slim-bookworm AS parts
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app
ARG TRACING=
COPY requirements.txt requirements-otel.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --only-binary :all: -r requirements.txt \
    ${TRACING:+-r requirements-otel.txt}
COPY manage.py ./
COPY accounts accounts
COPY collabdocs collabdocs
COPY documents documents
COPY realtime realtime
COPY templates templates
COPY static static
COPY --from=editor /build/static/editor static/editor
# The server may not write into /app, so what it would compile at its start is compiled here.
RUN DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q --invalidation-mode unchecked-hash . \
    && pip uninstall --yes --quiet pip setuptools

FROM docker.io/library/python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin collabdocs \
    && install --directory --owner 10001 --group 10001 --mode 700 /data
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
COPY --from=parts /venv /venv
COPY --from=parts /app /app
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"]
CMD ["python", "-m", "collabdocs.serve"]
