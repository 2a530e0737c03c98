"""`python -m millgate`."""

import millgate

millgate.main()
