"""The extra ``[prometheus]``: the numbers of the jobs in Prometheus' format, and health for probes.

All numbers come from the database at the moment of the scrape. So it does not matter which process
answers: no process counts anything, and prometheus_client's multiprocess mode is not needed.

The project includes ``pgjobs.metrics.urls``, or registers ``pgjobs.metrics.collector.Collector`` in
its own registry.
"""
