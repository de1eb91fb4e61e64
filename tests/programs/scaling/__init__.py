"""Bodies with known answers to "do threads help?": in each module a bad one beside its twin that does it right.

``BAD`` and ``TWIN`` are the answers, ``THREADS`` the number of workers to ask with where it matters, ``BAD_WITHOUT_GIL`` the
answer for ``bad`` on an interpreter without the GIL where it is another one. An answer is a class of verdict, or
``"not-repeatable"`` or ``"fails-in-threads"``. The modules need nothing but the standard library, so that they can be copied
next to a test.
"""
