"""`python -m bench.scaling` prints the tables of docs/scaling.md and draws its plots. A few seconds."""

from pathlib import Path

from bench.scaling.charts import charts
from bench.scaling.costs import Costs
from bench.scaling.tables import text
from bench.scaling.trials import Trials

PLOTS = Path(__file__).resolve().parents[2] / "docs" / "plots"


def main() -> None:
    trials = Trials(Costs.read())
    print(text(trials))
    PLOTS.mkdir(parents=True, exist_ok=True)
    for name, chart in charts(trials).items():
        (PLOTS / f"{name}.svg").write_text(chart.svg())


if __name__ == "__main__":
    main()
