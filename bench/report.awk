# Prints tables from the lines of bench/run: a row for each case, a column for each server, then the
# ratio of quoitd to each other server; from those of bench/client likewise for quoit and curl. Of
# several rounds it uses the median, unless a table says that it has the least. Used by bench/measure.
#
#   awk -v mode=counted|timed|tls|bytes|client -f bench/report.awk FILE
#
# Instructions are user + kernel for each request; for the cases of many mebibytes, for each KiB of
# content. Times in the emulated machine have no meaning and are left out.

BEGIN { us = mode == "client" ? "quoit" : "quoitd" }

/^ *server=/ {
  delete v
  for (i = 1; i <= NF; i++) {
    at = index($i, "=")
    v[substr($i, 1, at - 1)] = substr($i, at + 1)
  }
  server = v["server"]
  name = v["case"]
  if (!(server in server_seen)) { server_seen[server] = 1; servers[++server_count] = server }
  if (!(name in case_seen)) { case_seen[name] = 1; cases[++case_count] = name }
  if ("failed" in v) { failed[server, name] = v["failed"]; next }
  if (mode == "client") {
    put("cpu", v["cpu_us"] / 1000)
    put("wall", v["wall_us"] / 1000)
    put("peak", v["peak_kib"] / 1024)
    put("switches", v["waits"] + v["preemptions"])
  } else if (mode == "tls" && "requests" in v) {
    put("cpu", v["cpu_us"])
    put("least_cpu", v["cpu_us"])
  } else if (mode == "bytes" && "requests" in v) {
    put("cpu", v["cpu_us"])
    put("least_cpu", v["cpu_us"])
    put("rate", v["rate"])
  } else if ("requests" in v) {
    units = v["requests"] * kib_of(name)
    if ("user" in v) {
      put("user", v["user"] / units)
      put("kernel", v["kernel"] / units)
      put("total", (v["user"] + v["kernel"]) / units)
    }
    if ("calls" in v) {
      put("calls", v["calls"] / v["requests"])
      put("switches", v["switches"] / v["requests"])
      put("string", v["string_bytes"] / units)
    }
    if ("cycles" in v) put("cycles", v["cycles"] / units)
    put("rate", v["rate"])
    put("p50", v["p50_us"])
    put("p99", v["p99_us"])
    put("cpu", v["cpu_us"] / kib_of(name))
  } else if (name ~ /idle$/) {
    put("idle", v["grown_kib"] / v["connections"])
  } else if (name == "start") {
    put("start", v["start_us"] / 1000)
    put("resident", v["rss_kib"] / 1024)
    if ("user" in v) put("start_total", (v["user"] + v["kernel"]) / 1e6)
  } else if ("disturbances" in v) {
    put("quiet_p50", v["alone_p50_us"])
    put("quiet_p99", v["alone_p99_us"])
    put("busy_p50", v["p50_us"])
    put("busy_p99", v["p99_us"])
    put("growth", v["p99_us"] / v["alone_p99_us"])
    put("done", v["disturbances"])
  } else if (name ~ /^cold/) {
    put("alone", v["alone_p99_us"])
    put("beside", v["p99_us"])
    put("cold", v["cold_mib_s"])
  }
}

END {
  if (mode == "counted") {
    both("Instructions a request, user + kernel (10m, 100m: a KiB)")
    table("Instructions a request, sum of both", "total", 0, 1)
    table("System calls a request", "calls", 2, 0)
    table("Task switches to the server a request", "switches", 2, 0)
    table("Bytes processed by string instructions (rep movs, rep stos) a request (10m, 100m: a KiB)", \
      "string", 0, 0)
  } else if (mode == "client") {
    table("CPU time of a run, ms; median of the ratios", "cpu", 1, 1)
    table("Duration of a run, ms; median of the ratios", "wall", 1, 1)
    table("Peak of the resident memory, MiB; median of the ratios", "peak", 1, 1)
    table("Context switches of a run", "switches", 0, 0)
  } else if (mode == "tls" || mode == "bytes") {
    table("CPU time of the server a request, least of the rounds, microseconds", "least_cpu", 1, 1)
    table("CPU time of the server a request, median of the rounds, microseconds; median of the ratios", \
      "cpu", 1, 1)
    if (mode == "bytes") table("Requests a second, median of the rounds; median of the ratios", "rate", 0, 1)
  } else {
    both("Instructions a request by hardware counters, user + kernel (10m, 100m: a KiB)")
    table("Instructions a request, sum of both", "total", 0, 1)
    table("Cycles a request", "cycles", 0, 1)
    table("CPU time a request, microseconds (10m, 100m: a KiB)", "cpu", 3, 1)
    table("Requests a second", "rate", 0, 1)
    table("Response time, median, microseconds", "p50", 0, 0)
    table("Response time, 99th percentile, microseconds", "p99", 0, 0)
  }
  table("User memory of an idle connection, KiB", "idle", 2, 0)
  if (mode != "counted") table("Start to first response, ms", "start", 1, 0)
  table("Start to first response, million instructions", "start_total", 2, 0)
  table("Resident at start, MiB", "resident", 1, 0)
  table("Hot requests alone: response time, 99th percentile, microseconds", "alone", 0, 0)
  table("Hot requests beside a cold file: response time, 99th percentile, microseconds", "beside", 0, 0)
  table("Rate of the cold file, MiB/s", "cold", 0, 0)
  probes("median", "p50")
  probes("99th percentile", "p99")
  table("Ratio of these 99th percentiles in a round", "growth", 2, 0)
  table("Handshakes or wrong passwords a second", "done", 0, 0)
  for (key in failed) {
    split(key, parts, SUBSEP)
    printf "FAILED: %s %s: %s\n", parts[1], parts[2], failed[key]
  }
}

function kib_of(name) { return name ~ /-10m/ ? 10240 : name ~ /-100m/ ? 102400 : 1 }

function put(metric, value,    n) {
  n = ++count[metric, server, name]
  values[metric, server, name, n] = value + 0 # a number, also for comparisons
  has[metric] = 1
  has_row[metric, name] = 1
}

# Of metrics that begin with least_, the least.
function median(metric, server, name,    n, i, j, swap, sorted) {
  n = count[metric, server, name]
  for (i = 1; i <= n; i++) {
    sorted[i] = values[metric, server, name, i]
    for (j = i; j > 1 && sorted[j] < sorted[j - 1]; j--) {
      swap = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = swap
    }
  }
  return sorted[metric ~ /^least_/ ? 1 : int((n + 1) / 2)]
}

function known(metric, server, name) { return (metric SUBSEP server SUBSEP name) in count }

function thousands(number, digits,    text, whole, rest) {
  text = sprintf("%." digits "f", number)
  whole = text
  rest = ""
  if (match(text, /\./)) { whole = substr(text, 1, RSTART - 1); rest = substr(text, RSTART) }
  while (match(whole, /[0-9][0-9][0-9][0-9]($|,)/))
    whole = substr(whole, 1, RSTART) "," substr(whole, RSTART + 1)
  return whole rest
}

function heading(title,    s) {
  printf "%s\n\n%s", title, label("")
  for (s = 1; s <= server_count; s++) printf " %17s", servers[s]
}

# Response times of tls-beside-* and tls-passwords*.
function probes(what, metric,    title) {
  title = "GET of 1 KiB at a fixed rate, %s: response time, %s, microseconds"
  table(sprintf(title, "alone", what), "quiet_" metric, 0, 0)
  table(sprintf(title, "beside handshakes or wrong passwords", what), "busy_" metric, 0, 0)
}

function label(text) { return sprintf(mode == "bytes" ? "%-24s" : mode == "tls" ? "%-20s" : "%-14s", text) }

function both(title,    c, s) {
  if (!has["user"]) return
  heading(title)
  printf "\n"
  for (c = 1; c <= case_count; c++) {
    if (!has_row["user", cases[c]]) continue
    printf "%s", label(cases[c])
    for (s = 1; s <= server_count; s++)
      printf " %17s", known("user", servers[s], cases[c]) ? \
        thousands(median("user", servers[s], cases[c]), 0) " + " \
        thousands(median("kernel", servers[s], cases[c]), 0) : "-"
    printf "\n"
  }
  printf "\n"
}

# With `ratios`, and if quoitd (or quoit) is among the servers, also prints the ratios.
function table(title, metric, digits, ratios,    c, s, ours) {
  if (!has[metric]) return
  heading(title)
  ours = ratios && (us in server_seen)
  for (s = 1; ours && s <= server_count; s++)
    if (servers[s] != us) printf " %11s", "/" servers[s]
  printf "\n"
  for (c = 1; c <= case_count; c++) {
    if (!has_row[metric, cases[c]]) continue
    printf "%s", label(cases[c])
    for (s = 1; s <= server_count; s++)
      printf " %17s", known(metric, servers[s], cases[c]) ? \
        thousands(median(metric, servers[s], cases[c]), digits) : "-"
    for (s = 1; ours && s <= server_count; s++)
      if (servers[s] != us)
        printf " %11s", ratio(metric, servers[s], cases[c])
    printf "\n"
  }
  printf "\n"
}

function ratio(metric, other, name,    theirs, i) {
  if (!known(metric, us, name) || !known(metric, other, name)) return "-"
  # Rounds that follow each other are disturbed alike.
  if (mode == "client" || (mode == "tls" && metric == "cpu") || (mode == "bytes" && metric !~ /^least_/)) {
    for (i = 1; i <= count[metric, other, name]; i++)
      values["ratio", other, name, i] = \
        values[metric, us, name, i] / values[metric, other, name, i]
    count["ratio", other, name] = i - 1
    return sprintf("%.2f", median("ratio", other, name))
  }
  theirs = median(metric, other, name)
  return theirs > 0 ? sprintf("%.2f", median(metric, us, name) / theirs) : "-"
}
