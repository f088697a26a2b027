# Draws a counted result as SVG: for some of the cases, a bar for each server, user code dark and
# kernel light, and the floor as a line. The bars of a case share a scale. Colours follow the reader's
# preference for light or dark. Used by bench/measure.
#
#   awk -f bench/chart.awk bench/results/DATE-counted.txt >bench/results/DATE-counted.svg

BEGIN {
  split("get-1k pipelined random-4k not-modified get-100k range-64k put-4k connect", shown, " ")
  split("quoitd nginx h2o lighttpd", servers, " ")
  title["get-1k"] = "GET of 1 KiB, 64 connections"
  title["pipelined"] = "GET of 1 KiB, 16 pipelined"
  title["random-4k"] = "10,000 files of 4 KiB"
  title["not-modified"] = "304 Not Modified"
  title["get-100k"] = "GET of 100 KiB"
  title["range-64k"] = "range of 64 KiB"
  title["put-4k"] = "PUT of 4 KiB"
  title["connect"] = "a connection for each GET"
  width = 400
  label = 62     # for the server's name
  bar_room = 210
  bar = 13
  gap = 5
  block = 108    # height of a case
}

NR == 1 { date = substr($2, 1, 10) }

/^ *server=/ {
  delete v
  for (i = 1; i <= NF; i++) {
    at = index($i, "=")
    v[substr($i, 1, at - 1)] = substr($i, at + 1)
  }
  if (!("user" in v) || !("requests" in v)) next
  user[v["server"], v["case"]] = v["user"] / v["requests"]
  kernel[v["server"], v["case"]] = v["kernel"] / v["requests"]
}

END {
  count = 0
  for (i = 1; i in shown; i++) if (("quoitd" SUBSEP shown[i]) in user) drawn[++count] = shown[i]
  rows = int((count + 1) / 2)
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" ", 2 * width, rows * block + 48
  print "role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"11\">"
  print "<title>Instructions a request: quoitd, nginx, h2o, lighttpd</title>"
  print "<style>"
  print "  text { fill: #333 } .quiet { fill: #777 } .line { stroke: #333 }"
  print "  .user { fill: #7a8794 } .kernel { fill: #c3cad1 }"
  print "  .ours .user { fill: #b4540a } .ours .kernel { fill: #eeb98a }"
  print "  @media (prefers-color-scheme: dark) {"
  print "    text { fill: #ddd } .quiet { fill: #999 } .line { stroke: #ddd }"
  print "    .user { fill: #8b98a5 } .kernel { fill: #4a545e }"
  print "    .ours .user { fill: #f0964a } .ours .kernel { fill: #7d4a1e }"
  print "  }"
  print "</style>"
  for (i = 1; i <= count; i++) draw(drawn[i], (i - 1) % 2 * width + 8, int((i - 1) / 2) * block + 8)
  y = rows * block + 20
  printf "<text x=\"8\" y=\"%d\" class=\"quiet\">%s</text>\n", y, \
    "Instructions a request, user code (dark) + kernel (light): fewer is better."
  printf "<text x=\"8\" y=\"%d\" class=\"quiet\">%s</text>\n", y + 15, \
    "The line is the floor: a server that only sends fixed bytes. Counted exactly, in emulation, " date "."
  print "</svg>"
}

function draw(name, x, y,    s, most, scale, at, server, u, k) {
  printf "<text x=\"%d\" y=\"%d\" font-weight=\"600\">%s</text>\n", x, y + 11, title[name]
  most = 1
  for (s = 1; s in servers; s++)
    if (sum(servers[s], name) > most) most = sum(servers[s], name)
  scale = bar_room / most
  for (s = 1; s in servers; s++) {
    server = servers[s]
    at = y + 20 + (s - 1) * (bar + gap)
    printf "<text x=\"%d\" y=\"%d\">%s</text>\n", x, at + 11, server
    if (!((server SUBSEP name) in user)) {
      printf "<text x=\"%d\" y=\"%d\" class=\"quiet\">not supported</text>\n", x + label, at + 11
      continue
    }
    u = user[server, name] * scale
    k = kernel[server, name] * scale
    printf "<g class=\"%s\"><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"user\"/>", \
      server == "quoitd" ? "ours" : "peer", x + label, at, u, bar
    printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"kernel\"/></g>\n", \
      x + label + u, at, k, bar
    printf "<text x=\"%.1f\" y=\"%d\" class=\"quiet\">%s + %s</text>\n", x + label + u + k + 5, at + 11, \
      thousands(user[server, name]), thousands(kernel[server, name])
  }
  if (("floor" SUBSEP name) in user) {
    at = x + label + sum("floor", name) * scale
    printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"line\"/>\n", at, y + 17, at, \
      y + 18 + 4 * (bar + gap)
  }
}

function sum(server, name) {
  return ((server SUBSEP name) in user) ? user[server, name] + kernel[server, name] : 0
}

function thousands(number,    text) {
  text = sprintf("%.0f", number)
  while (match(text, /[0-9][0-9][0-9][0-9]($|,)/))
    text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
  return text
}
