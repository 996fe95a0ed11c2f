"""The columnar engine: facts as columns of integers, and SPARQL run over whole columns at once.

It is a small compiler, not a kernel for each constraint component. A validator's SPARQL *is* the definition of its
component, so what is compiled from it is exact by what it is; a new component needs no Python; and the same operators
run the questions of the intake, the derivations, and the queries for verdicts and explanations.

``terms``
    a number for each RDF term, and literals in typed columns (integers with a power of ten, days, truths; no float).
``facts``
    the pairs of each predicate, sorted by subject and by object.
``columns``
    all that one judgement knows, over one dictionary of terms, from reading to explaining.
``parser``, ``plan``
    a query as steps and filters, and the check that running them from left to right is what SPARQL says.
``table``, ``expressions``, ``grouping``, ``run``
    solutions as columns; filters over them, with SPARQL's errors; joins, OPTIONAL, UNION, MINUS, EXISTS and GROUP BY.
``validate``
    all shapes: each component once, its parameters being columns like any other.
``needs``, ``plans``, ``kept``
    what a query cannot do without; plans, and what is known of the knowledge base, as bytes and back.

What they do not cover they refuse by name (``terms.Unsupported``): syntax, variables seen from where SPARQL would not
see them, and, once the data is known, comparisons on which engines differ. A target that meets one goes to pySHACL, a
query to a store. Nothing is guessed.
"""
