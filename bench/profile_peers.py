"""A profile by ydata-profiling's minimal mode: profile_peers.py ydata-profiling FILE.parquet."""

import json
import sys
import time

import pandas as pd
from ydata_profiling import ProfileReport

rows = pd.read_parquet(sys.argv[2])
begin = time.perf_counter()
text = ProfileReport(rows, minimal=True, progress_bar=False).to_json()
print(json.dumps({"seconds": time.perf_counter() - begin, "bytes": len(text)}))
