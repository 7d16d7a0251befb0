"""A constraint as it is written: what a job asks of the machines that its tasks run on."""

from typing import Annotated, Literal

from msgspec import Meta

from borgpy.model import limits
from borgpy.model.constraints import MACHINE
from borgpy.model.declared.parts import Part
from borgpy.model.declared.values import Line, Name, ShortScalar

Word = Literal[
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not_in",
    "exists",
    "absent",
    "version",
    "distinct",
    "limit",
    "spread",
    "exclusive",
    "dedicated",
    "near",
    "away",
    "plugin",
]
"""The operators of `borgpy.model.constraints.Operator`, and a word for each other kind of constraint."""


class DeclaredConstraint(Part, frozen=True, kw_only=True):
    """One constraint. All of a job's must hold, soft ones as far as they can.

    A machine without the attribute satisfies `!=`, `not_in` and `absent` only.

    | operator | attribute | value | what it asks for |
    |---|---|---|---|
    | `==` `!=` | required | a text | the attribute is (not) this |
    | `<` `<=` `>` `>=` | required | a number | the attribute is a number, and compares so |
    | `in` `not_in` | required | a list of texts | the attribute is one (none) of these |
    | `exists` `absent` | required | none | the machine has the attribute, or has not |
    | `version` | required | `'>= 5.10, < 6'` | the attribute is a version in this range |
    | `distinct` | `machine` | none | no two tasks of the job where the attribute is the same |
    | `limit` | `machine` | a number | at most so many tasks of the job where the attribute is the same |
    | `spread` | `machine` | none, or `{ a = 70 b = 30 }` | as many tasks for each value of the attribute, or these percentages |
    | `exclusive` | none | none | nothing else runs on the task's machine |
    | `dedicated` | none | `'USER/NAME'`, `'*/NAME'` | only machines that are set aside for this |
    | `near` `away` | `machine` | another job | (not) where the attribute is the same as for a task of that job |
    | `plugin` | none | a name | where the plug-in of this name, which the cell's Borgmaster has, allows it; with a weight, where it likes it |
    """

    attribute: Annotated[
        Name | None,
        Meta(
            description=f"The attribute of machines that it is about; `{MACHINE}` is a machine's own name.",
            examples=["rack"],
        ),
    ] = None
    operator: Annotated[
        Word | None,
        Meta(
            description="What is asked for. Without it: `==` for one value, `in` for a list, `exists` for none.",
            examples=["'!='"],
        ),
    ] = None
    value: Annotated[
        ShortScalar
        | Annotated[tuple[ShortScalar, ...], Meta(max_length=limits.MAX_CONSTRAINT_VALUES)]
        | Annotated[
            dict[Line, Annotated[int, Meta(ge=0, le=100)]],
            Meta(max_length=limits.MAX_CONSTRAINT_VALUES),
        ]
        | None,
        Meta(description="What it is compared with; see the operators.", examples=["x86_64"]),
    ] = None
    weight: Annotated[
        Annotated[int, Meta(ge=1, le=limits.MAX_WEIGHT)] | None,
        Meta(
            description="Makes it soft: it is wished for, and counts so much beside the job's other wishes. Without it machines that fail it are left out.",
            examples=["50"],
        ),
    ] = None
