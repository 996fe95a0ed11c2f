"""Where one machine ends: submissions judged on Apache Spark, the same engine in every partition.

Needs the extra ``guiju[spark]`` and a Java that Spark runs on. What belongs together is found first
(:mod:`guiju.cluster.groups`), then each group is judged whole (:mod:`guiju.cluster.work`), and the verdicts are written
as Parquet, once each however often a task had to be run again. Driver and executors need the same Guiju installed.
"""

from guiju.cluster.run import Done, judge, session

__all__ = ["Done", "judge", "session"]
