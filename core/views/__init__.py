"""Views and tiles as data, and the engine that evaluates them.

``catalogue`` knows the built-in ones, ``loader`` checks files, ``engine.run_view`` gives tables,
``summary.summary`` gives the Overview, ``drill`` says where a row leads, ``units`` writes numbers.
"""
