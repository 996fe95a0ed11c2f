"""The columnar engine: facts as columns of integers, and SPARQL run over whole columns at once.

It is a small compiler, not a kernel for each constraint component. A validator's SPARQL *is* the definition of its
component, so what is compiled from it is exact by what it is; a new component needs no Python; and the same operators
run the queries for verdicts and explanations, which take several times as long as validation.
Derivations do not run here.

``terms``
    a number for each RDF term, and literals in typed columns (integers with a power of ten, days, truths; no float).
``facts``
    the pairs of each predicate, sorted by subject and by object.
``parser``, ``plan``
    a query as steps and filters, and the check that running them from left to right is what SPARQL says.
``table``, ``expressions``, ``run``
    solutions as columns; filters over them, with SPARQL's errors; joins, OPTIONAL, UNION, MINUS and EXISTS.
``validate``
    all shapes: each component once, its parameters being columns like any other.
``answers``
    rows of a SELECT over any triples, as verdicts and explanations ask for them.

What they do not cover they refuse by name (``terms.Unsupported``): syntax, variables seen from where SPARQL would not
see them, and, once the data is known, comparisons on which engines differ. A shape that meets one goes to the default
engine as a whole, a query to the store. Nothing is guessed.
"""
