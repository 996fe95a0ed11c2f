"""Where one machine ends: submissions judged on Apache Spark, the same engine in every partition.

It is begun in :mod:`guiju.cluster.run`, and needs the extra ``guiju[spark]`` and a Java that Spark runs on. What
belongs together is found first (:mod:`guiju.groups`), then each group is judged whole
(:mod:`guiju.cluster.work`), and the verdicts are written as Parquet, once each however often a task had to be run
again. Driver and executors need the same Guiju installed.
"""
