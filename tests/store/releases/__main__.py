"""Write down what the version that is being released leaves in a database."""

from tests.store.releases import record

record()
