"""The compilers of MongoDB's backend, which ours leave as they are, but for the order of a pipeline's stages."""

from django_mongodb_backend import compiler, query

from collabdocs.mongo.pipeline import Stage, sorted_early


class MongoQuery(query.MongoQuery):
    def get_pipeline(self) -> list[Stage]:
        stages: list[Stage] = super().get_pipeline()
        if not self.subquery_lookup:
            return sorted_early(stages)
        lookup = stages[0]["$lookup"]
        return [{"$lookup": lookup | {"pipeline": sorted_early(lookup["pipeline"])}}, *stages[1:]]


class SQLCompiler(compiler.SQLCompiler):
    query_class = MongoQuery


class SQLInsertCompiler(compiler.SQLInsertCompiler):
    query_class = MongoQuery


class SQLDeleteCompiler(compiler.SQLDeleteCompiler):
    query_class = MongoQuery


class SQLUpdateCompiler(compiler.SQLUpdateCompiler):
    query_class = MongoQuery


class SQLAggregateCompiler(compiler.SQLAggregateCompiler):
    query_class = MongoQuery
