"""Checks on the syntax tree that a statement for DuckDB also runs on Spark SQL, and writes the Spark text.

Everything is refused that is not on a short list: node kinds, functions, types, join kinds. What both engines accept
but do differently (``/``, ``concat``, ``any_value``) is refused with its reason; which idioms are exact on both stands
in ``docs/internals/architecture.md``. sqlglot parses; it is a development dependency, imported only here.

The tree has no types of columns, so some things remain for the run on both engines (``make test-spark``): a cast of a
fraction to an integer rounds on one and truncates on the other; ``date - date`` is a number on one only; ties in
``min_by`` are for the author to exclude.
"""

from collections.abc import Iterator

from sqlglot import ErrorLevel, exp, parse
from sqlglot.errors import SqlglotError

from yibao.engine.sqlfile import SqlFile
from yibao.kernel import Finding, Place, Severity

CODE = "sql_not_portable"
_BASIS = "docs/internals/architecture.md：SQL that runs on both"

_SYNTAX: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery, exp.With, exp.CTE, exp.Values, exp.Tuple,
    exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct,
    exp.Rollup, exp.Cube, exp.GroupingSets,
    exp.Table, exp.TableAlias, exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Var,
    exp.Literal, exp.Null, exp.Boolean, exp.Parameter, exp.Placeholder, exp.Paren, exp.Cast, exp.DataType,
    exp.DataTypeParam,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.And, exp.Or, exp.Not, exp.In, exp.Between, exp.Like, exp.Exists, exp.Case, exp.If,
    exp.Window, exp.WindowSpec, exp.Filter,
)  # fmt: skip

_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.Count, exp.CountIf, exp.Sum, exp.Min, exp.Max, exp.ArgMin, exp.ArgMax, exp.GroupConcat,
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
    exp.Coalesce, exp.Nullif, exp.Least, exp.Greatest, exp.Abs, exp.Sign,
    exp.Length, exp.Substring, exp.Left, exp.Right, exp.Upper, exp.Lower, exp.Trim, exp.Replace, exp.Pad,
    exp.StrPosition, exp.StartsWith, exp.SplitPart,
    exp.Year, exp.Month, exp.Day, exp.Extract, exp.DateDiff, exp.LastDay,
)  # fmt: skip

_STATISTICS: tuple[type[exp.Expr], ...] = (
    exp.Avg, exp.Sqrt, exp.Ln, exp.Exp, exp.Pow, exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance,
    exp.VariancePop, exp.Corr,
)  # fmt: skip

_ORDERED_WINDOWS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead)

_TYPE = exp.DataType.Type
_TYPES = frozenset(
    {
        _TYPE.TINYINT, _TYPE.SMALLINT, _TYPE.INT, _TYPE.BIGINT, _TYPE.DECIMAL, _TYPE.DOUBLE,
        _TYPE.VARCHAR, _TYPE.TEXT, _TYPE.DATE, _TYPE.BOOLEAN,
    }
)  # fmt: skip

_WHY: dict[type[exp.Expr], str] = {
    exp.IntDiv: "整数除法“//”只在 DuckDB 中有；请用 idiv(a, b)",
    exp.Qualify: "QUALIFY 不通用；请在子查询中编号后用 WHERE 筛选",
    exp.Unnest: "不使用 unnest 和列表列；请用带 seq 的子表",
    exp.Explode: "不使用 unnest 和列表列；请用带 seq 的子表",
    exp.Array: "不使用列表；请用带 seq 的子表",
    exp.Struct: "不使用结构体；请分成多列",
    exp.Bracket: "不使用列表下标；请用带 seq 的子表",
    exp.ArrayAgg: "不使用列表；请用 string_agg(… ORDER BY …) 或带 seq 的子表",
    exp.Lambda: "不使用 lambda 和列表函数",
    exp.TryCast: "TRY_CAST 在两个引擎中接受的写法不同；请在 tables 中检查后再转换",
    exp.Concat: "concat 遇 NULL 在 DuckDB 中跳过、在 Spark 中为 NULL；请用 ||",
    exp.AnyValue: "any_value 的结果取决于行的次序；请用 row_number() 按全序编号后取第 1 行",
    exp.First: "first 的结果取决于行的次序；请用 row_number() 按全序编号后取第 1 行",
    exp.Interval: "日期加 INTERVAL 在 DuckDB 中为时间戳、在 Spark 中为日期；请用 日期 + 天数",
    exp.Round: "舍入只在写明的地方用 idiv(2 * a + b, 2 * b) 进行",
    exp.PositionalColumn: "列须写名，不用序号",
    exp.Pivot: "PIVOT 只在 DuckDB 中这样写；请用 CASE 汇总",
    exp.TableSample: "抽样的结果不可重现",
}


def check(sql: SqlFile) -> list[Finding]:
    """Everything in ``sql`` that does not carry over to Spark, each as a Finding with the fragment and its reason."""
    return check_text(sql.name, sql.text)


def check_text(name: str, text: str) -> list[Finding]:
    """`check` for the bare text of a statement; ``name`` stands in the findings as ``name.sql``."""
    try:
        trees = [tree for tree in parse(text, dialect="duckdb", error_level=ErrorLevel.RAISE) if tree is not None]
    except SqlglotError as error:
        return [_finding(name, "", f"语句无法解析：{str(error).splitlines()[0]}")]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return [_finding(name, "", "一个文件须恰好是一条 SELECT 语句")]
    found = [_finding(name, node.sql(dialect="duckdb"), why) for node in trees[0].walk() for why in _faults(node)]
    return list(dict.fromkeys(found))


def to_spark(text: str) -> str:
    """The statement in Spark SQL: ``$x`` becomes ``:x``, NULLs sort last, ``idiv(a, b)`` becomes an exact quotient.

    The quotient is ``CAST((a - a % b) / b AS BIGINT)`` over DECIMAL(38,0): exact while it has at most 32 digits, and
    an error under ``spark.sql.ansi.enabled`` where it does not fit 64 bits. Spark's own ``div`` would wrap silently.
    Needs ``spark.sql.decimalOperations.allowPrecisionLoss=true`` (Spark's default).
    """
    trees = parse(text, dialect="duckdb", error_level=ErrorLevel.RAISE)
    if len(trees) != 1 or trees[0] is None:
        raise ValueError("one statement expected")
    tree = trees[0]
    innermost_first = sorted(tree.find_all(exp.Anonymous), key=lambda call: call.depth, reverse=True)
    for call in innermost_first:
        if call.name.lower() == "idiv":
            call.replace(_quotient(*call.expressions))
    return tree.sql(dialect="spark")


def _quotient(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    def wide(part: exp.Expr) -> exp.Expr:
        return exp.cast(part.copy(), "DECIMAL(38, 0)")

    whole = exp.Paren(this=exp.Sub(this=wide(a), expression=exp.Mod(this=wide(a), expression=wide(b))))
    return exp.cast(exp.Div(this=whole, expression=wide(b), typed=True, safe=False), "BIGINT")


def _finding(name: str, fragment: str, why: str) -> Finding:
    return Finding(
        CODE,
        Severity.ERROR,
        f"语句不能同时在 DuckDB 和 Spark 上运行：{why}",
        Place(file=f"{name}.sql", value=fragment),
        next_step="按原因改写语句",
        basis=_BASIS,
    )


def _faults(node: exp.Expr) -> Iterator[str]:
    kind = type(node)
    if kind in _WHY:
        yield _WHY[kind]
    elif isinstance(node, exp.Anonymous):
        if node.name.lower() != "idiv":
            yield f"函数 {node.name} 不在允许的清单中"
        elif len(node.expressions) != 2:
            yield "idiv 须有两个参数"
    elif kind in _STATISTICS:
        if not _is_double(node.this):
            yield f"{_name(node)} 只用于统计，参数须写明 CAST(… AS DOUBLE)"
    elif kind not in _SYNTAX and kind not in _FUNCTIONS:
        what = "函数" if isinstance(node, exp.Func) else "语法"
        yield f"{what} {_name(node)} 不在允许的清单中"
    yield from _details(node)


def _name(node: exp.Expr) -> str:
    return node.sql_name().lower() if isinstance(node, exp.Func) else node.key


def _details(node: exp.Expr) -> Iterator[str]:
    """Faults in how an allowed kind of node is used."""
    match node:
        case exp.DataType():
            if node.this not in _TYPES:
                yield f"类型 {node.sql(dialect='duckdb')} 不通用；大整数用 DECIMAL(38,0)，列表用带 seq 的子表"
        case exp.Div():
            if not _is_double(node.this) and not _is_double(node.expression):
                yield "“/”的结果类型因引擎而异；整数相除用 idiv(a, b)，统计须写明 CAST(… AS DOUBLE)"
        case exp.Window():
            yield from _window_faults(node)
        case exp.GroupConcat():
            if not isinstance(node.this, exp.Order):
                yield "string_agg 须写明 ORDER BY"
        case exp.Join():
            yield from _join_faults(node)
        case exp.Star():
            if any(node.args.get(part) for part in ("except_", "replace", "rename")):
                yield "SELECT * 的 EXCLUDE、REPLACE、RENAME 只在 DuckDB 中有；请写明各列"
        case exp.Group():
            if node.args.get("all"):
                yield "GROUP BY ALL 只在 DuckDB 中有；请写明各列"
        case exp.Ordered():
            if isinstance(node.this, exp.Var | exp.Literal):
                yield "ORDER BY 须写列名，不用 ALL 和序号"
        case exp.Distinct():
            if node.args.get("on"):
                yield "DISTINCT ON 不通用；请用 row_number() 编号后取第 1 行"
        case exp.With() | exp.CTE():
            if node.args.get("recursive") or node.args.get("materialized") is not None:
                yield "不使用 RECURSIVE 和 MATERIALIZED"
        case exp.Limit():
            yield from _limit_faults(node)
        case exp.SetOperation():
            if node.args.get("by_name"):
                yield "BY NAME 不通用；请按同一次序写明各列"
        case exp.Table():
            if not isinstance(node.this, exp.Identifier):
                yield "FROM 后须是表名，不用表函数"
        case exp.Placeholder() | exp.Parameter():
            if not node.name or node.name.isdigit():
                yield "参数须有名称：$name"


def _window_faults(node: exp.Window) -> Iterator[str]:
    if isinstance(node.this, _ORDERED_WINDOWS) and not node.args.get("order") and not node.args.get("alias"):
        yield f"{_name(node.this)} 的窗口须有 ORDER BY（全序）"


def _join_faults(node: exp.Join) -> Iterator[str]:
    if node.args.get("method") or node.kind in ("SEMI", "ANTI"):
        written = node.args.get("method") or node.kind
        yield f"{written} JOIN 不通用；请用 JOIN、LEFT JOIN 或 EXISTS"


def _limit_faults(node: exp.Limit) -> Iterator[str]:
    if node.parent is not None and not node.parent.args.get("order"):
        yield "LIMIT 须有 ORDER BY，否则结果不确定"
    if node.args.get("limit_options"):
        yield "LIMIT 须是行数"


def _is_double(node: exp.Expr | None) -> bool:
    """Whether the text itself shows that a value is DOUBLE."""
    match node:
        case exp.Cast():
            return bool(node.to.this == _TYPE.DOUBLE)
        case exp.Paren() | exp.Neg() | exp.Sum() | exp.Min() | exp.Max() | exp.Abs() | exp.Window():
            return _is_double(node.this)
        case exp.Nullif() | exp.Coalesce():
            return _is_double(node.this)
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            return _is_double(node.this) or _is_double(node.expression)
        case exp.Case():
            return any(_is_double(branch.args.get("true")) for branch in node.args["ifs"])
    return type(node) in _STATISTICS
