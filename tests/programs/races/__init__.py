"""Programs with known answers for the race engine, a module for each kind of shared state.

``something_bad`` is a scenario that a schedule within the budget breaks; ``something_twin`` does the same without the bug.
A bad program ends as a ``race`` unless the module's table ``ENDS`` names it with other verdicts. Every scenario makes its
state anew, or puts it back, and passes when its callables run one after another in the order written; only a join of a
thread that waits for its joiner fails always. The modules need nothing but the standard library.
"""
