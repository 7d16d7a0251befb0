"""The compiler of one file: what is common to every kind of node.

Compiling never fails. What can be seen to be wrong becomes a closure that raises the fault when it is evaluated, since a
field that nobody reads may be broken.

A stretch of code that runs from end to end, once begun, is a *region*; its weight, the number of its nodes, is what it
costs in steps. Regions are paid for where they are entered: a field, a call, a branch, a turn of a loop.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from borgpy.bcl import syntax
from borgpy.bcl.compiling.culprits import context_of
from borgpy.bcl.diagnostics import Details, Fault, Source, Spot
from borgpy.bcl.evaluating.frames import MISSING, Build, Frame, Run
from borgpy.bcl.evaluating.layers import Member, Owner, Titled
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.values import Value, Wrong

if TYPE_CHECKING:
    from borgpy.bcl.evaluating.evaluation import Evaluation

Translate = Callable[["Compiler", Any, Scope], Run]
"""How one kind of node is compiled."""

Builder = Callable[["Compiler", syntax.Record | syntax.RecordLoop, Scope], Build]
"""How a record is compiled."""


class Compiler:
    """Compiles the nodes of one file, for one evaluation."""

    def __init__(
        self,
        source: Source,
        evaluation: "Evaluation",
        translations: Mapping[type, Translate],
        builder: "Builder",
    ) -> None:
        self.source = source
        self.evaluation = evaluation
        self.meter = evaluation.meter
        self.owner: Owner = Titled("", Spot(source, 0, 0))
        """In whose value the code under way is written."""
        self.weight = 0
        self._translations = translations
        self._builder = builder

    def compile(self, node: syntax.Expression, scope: Scope) -> Run:
        """The closure for ``node``, as part of the region under way."""
        self.weight += 1
        return self._translations[type(node)](self, node, scope)

    def build(self, node: syntax.Record | syntax.RecordLoop, scope: Scope) -> Build:
        """What makes a record of ``node``, upon another one if it extends one."""
        return self._builder(self, node, scope)

    def member(self, member: Member) -> None:
        """Fills in how the value of ``member`` is computed; called when it is first wanted."""
        value = member.node.value
        if value is None or member.constant is not MISSING:
            return
        before, self.owner = self.owner, member
        scope: Scope = member.scope  # type: ignore[assignment]
        if member.how is syntax.How.EXTEND:
            member.build = self.build(value, scope)  # type: ignore[arg-type]  # the parser gives no other
        else:
            member.run, member.weight = self.region(value, scope)  # type: ignore[arg-type]
        self.owner = before

    def region(self, node: syntax.Expression, scope: Scope) -> tuple[Run, int]:
        """The closure for ``node`` as a region of its own, with its weight."""
        outer, self.weight = self.weight, 0
        run = self.compile(node, scope)
        weight, self.weight = self.weight, outer
        return run, weight

    def spot(self, node: syntax.Node) -> Spot:
        return Spot(self.source, node.start, node.end)

    def wrong(
        self,
        wrong: Wrong,
        spot: Spot,
        operands: tuple[syntax.Node, ...],
        scope: Scope,
        frame: Frame,
    ) -> Fault:
        """An operation's mistake, at ``spot``, with the values of the names among its operands."""

        wrong.__traceback__ = None  # it would keep alive whatever was around

        def details() -> Details:
            variables, via = context_of(self, operands, scope, frame)
            return Details(label=wrong.label, help=wrong.help, variables=variables, via=via)

        return Fault(wrong.code, spot, wrong.message, details)

    def failing(self, fault: Fault) -> Run:
        """A closure for what is wrong whenever it is evaluated."""

        def run(frame: Frame) -> Value:
            raise fault

        return run
