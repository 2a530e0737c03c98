-- wrk: posts the lines of a file one after the other, again and again.
--   wrk ... -s bench/post.lua URL -- PATH FILE
local requests = {}
local next_request = 0

function init(args)
  local headers = { ["Content-Type"] = "application/json" }
  for body in io.lines(args[2]) do
    requests[#requests + 1] = wrk.format("POST", args[1], headers, body)
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"latency_ms_p50":%.6f,"latency_ms_p99":%.6f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
