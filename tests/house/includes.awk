# The rules about includes, for house.awk: which folder may include which (`includes`), the ranks of
# the wings of apps/ (`ranks`), and no rings (`rings`). All read the same edges, which includes()
# collects; the tables `ranks` and `rings` are files beside this one. Covered by `check self-test`.

# ---- includes: the folders, and what a fuzz target may reach --------------------------------------

# edges[FILE]: the names that FILE includes, those of the system with "<" in front.

function includes(line,    name, room) {
  if (line !~ /^[ \t]*#[ \t]*include/) return
  room = room_of(file)
  name = line
  if (match(name, /"[^"]+"/)) {
    name = substr(name, RSTART + 1, RLENGTH - 2)
    if (rule == "includes") own_header_first(name)
    add_edge(name)
    if (rule != "includes") return
    if (!exists(root "/" name)) report(FNR, "\"" name "\" is no file, seen from the root")
    else if (!may_include(room, name)) report(FNR, room " may not include " name)
  } else if (match(name, /<[^>]+>/)) {
    name = substr(name, RSTART + 1, RLENGTH - 2)
    if (rule == "includes") own_header_first("<" name ">")
    if (name ~ /^(liburing|linux\/|sys\/|netinet\/|arpa\/)/ || name ~ /^(dirent|fcntl|netdb|poll|sched|signal|unistd)\.h$/)
      add_edge("<" name ">")
    if (rule != "includes") return
    if (room == "parser" && !standard(name))
      report(FNR, "parser may include the standard library only, not <" name ">")
    if (room == "uring" && name ~ /^CLI\//) report(FNR, "uring may not include <" name ">")
    if (room ~ /^(uring|apps\/(client|server|options))$/ && name ~ /^openssl\//)
      report(FNR, "only apps/crypto may include <" name ">")
  }
}

# The header of the same name comes first, so that compiling the source shows that it stands alone.
function own_header_first(name,    own) {
  if (file in included || file !~ /\.cc$/) return
  included[file] = 1
  own = module_of(file) ".h"
  if (name != own && exists(root "/" own)) report(FNR, "\"" own "\" is to be included first")
}

function add_edge(name) {
  edges[file] = edges[file] " " name
  edge_line[file, name] = FNR
}

function room_of(path) {
  if (match(path, /^apps\/[^\/]+\//)) return substr(path, 1, RLENGTH - 1)
  return substr(path, 1, index(path, "/") - 1)
}

function may_include(room, name,    other) {
  other = room_of(name)
  if (room == "tests" || room == "bench" || other == room) return 1
  if (room == "apps/options") return other == "parser"
  if (room == "apps/crypto") return 0
  if (room ~ /^apps\//) return other ~ /^(parser|uring|apps\/options|apps\/crypto)$/ # and by ranks
  if (room == "fuzz") # and pure: see judge_fuzz
    return other == "parser" || other ~ /^apps\// || plays_connections(file) && name ~ /^uring\/(loop|scope|simulated)\.h$/
  return 0
}

# Headers without a dot are C++'s; with one, only the intrinsics of a processor.
function standard(name) {
  return name !~ /[.\/]/ || name ~ /^([a-z0-9]*mmintrin|x86intrin|arm_neon|arm_acle|cpuid)\.h$/
}

function exists(path,    line, got) {
  if (path in known) return known[path]
  got = (getline line < path) >= 0
  close(path)
  return known[path] = got
}

# The targets that play whole connections: they reach coroutines, and only the simulated engine.
function plays_connections(path) {
  return path ~ /^fuzz\/(client|connection|uploads)_fuzzer\.cc$/
}

# What a fuzz target includes must be pure: no way from it may lead into uring/ or the kernel; from
# those that play connections, none to the ring.
function judge_fuzz(    path) {
  for (path in edges) {
    if (path !~ /^fuzz\//) continue
    split("", visited)
    impure = impure_below(path, plays_connections(path) ? "^(uring/ring\\.h|<liburing)" : "^(uring/|<)")
    if (impure != "") {
      file = path
      report(1, "a fuzz target must stay pure, and this one reaches " impure)
    }
  }
}

function impure_below(path, impurity,    names, count, i, found_below) {
  if (path ~ /^<(arpa\/inet|netinet\/in)\.h>$/) return "" # the texts of addresses: inet_pton(3)
  if (path ~ impurity) return path
  if (path in visited) return ""
  visited[path] = 1
  count = split(edges[path], names, " ")
  for (i = 1; i <= count; i++) {
    if (path ~ /^fuzz\// && names[i] ~ /^</) continue # a replay main may read files
    found_below = impure_below(names[i], impurity)
    if (found_below != "") return found_below
  }
  return ""
}

# ---- ranks: a wing includes itself and lower wings only --------------------------------------------

function judge_ranks(    path, names, count, i) {
  read_ranks()
  for (path in edges) {
    if (path !~ /^apps\//) continue
    file = path
    if (wing_of(path) == "") report(1, "this file belongs to no wing; tests/house/ranks has them")
    count = split(edges[path], names, " ")
    for (i = 1; i <= count; i++) {
      if (names[i] ~ /^apps\//) judge_edge(path, names[i])
      split("", visited)
      impure = pure_part(path) ? impure_below(names[i], "^(uring/|<)") : ""
      if (impure != "") report(edge_line[path, names[i]], "this wing is pure, and this leads to " impure)
    }
  }
}

function judge_edge(path, name,    from, to, line, parts, count, i, allowed) {
  from = wing_of(path)
  to = wing_of(name)
  line = edge_line[path, name]
  if (from in library && from != to)
    report(line, from " is a library of both programs and may not include " name)
  else if (from in rank && to in rank && from != to && rank[from] <= rank[to])
    report(line, from " has rank " rank[from] " and may not include " to ", rank " rank[to])
  for (i = 1; i <= only_count; i++) {
    count = split(only[i], parts, " ")
    if (!fits(name, parts[1])) continue
    allowed = fits(path, parts[1])
    while (count > 1) if (fits(path, parts[count--])) allowed = 1
    if (!allowed) report(line, "only these may include " parts[1] ":" substr(only[i], length(parts[1]) + 1))
  }
}

function read_ranks(    line, parts, count, i, table) {
  table = tables "/ranks"
  while ((getline line < table) > 0) {
    count = split(line, parts, " ")
    if (parts[1] == "rank") rank[parts[2]] = parts[3] + 0
    else if (parts[1] == "library") library[parts[2]] = 1
    else if (parts[1] == "pure") pure[parts[2]] = 1
    else if (parts[1] == "only") {
      only[++only_count] = parts[2]
      for (i = 3; i <= count; i++) only[only_count] = only[only_count] " " parts[i]
    }
  }
  close(table)
}

# The longest path of the table that fits the file; "" if there is none.
function wing_of(path) {
  path = module_of(path)
  while (path != "") {
    if (path in rank || path in library) return path
    path = folder_of(path)
  }
  return ""
}

function pure_part(path,    part) {
  for (part in pure) if (fits(path, part)) return 1
  return 0
}

# Whether the path of the table, a folder with / or a module, is or holds this file.
function fits(path, part) { return part ~ /\/$/ ? index(path, part) == 1 : module_of(path) == part }

function module_of(path) { sub(/\.[^.\/]*$/, "", path); return path }

# The folder that holds a file or a folder, with its last /; "" above the root.
function folder_of(path) { sub(/[^\/]*\/?$/, "", path); return path }

# ---- rings: header and source of one name are one module; no way from it leads back ------------------

# Tarjan's algorithm: strongly connected components of the modules of parser/, uring/ and apps/.
function judge_rings(    path, names, count, i, from, to) {
  read_old_rings()
  for (path in edges) {
    if (path !~ /^(parser|uring|apps)\//) continue
    from = module_of(path)
    count = split(edges[path], names, " ")
    for (i = 1; i <= count; i++) {
      to = module_of(names[i])
      if (names[i] ~ /^</ || from == to) continue
      below[from] = below[from] " " to
      if (!((from, to) in way)) way[from, to] = path ":" edge_line[path, names[i]]
    }
  }
  for (from in below) if (!(from in number)) visit(from)
}

function visit(module,    names, count, i, ring, member) {
  number[module] = lowest[module] = ++visits
  stack[++stack_height] = module
  on_stack[module] = 1
  count = split(below[module], names, " ")
  for (i = 1; i <= count; i++) {
    if (!(names[i] in number)) {
      visit(names[i])
      if (lowest[names[i]] < lowest[module]) lowest[module] = lowest[names[i]]
    } else if (on_stack[names[i]] && number[names[i]] < lowest[module]) lowest[module] = number[names[i]]
  }
  if (lowest[module] != number[module]) return
  ring = ""
  do {
    member = stack[stack_height--]
    on_stack[member] = 0
    ring = ring " " member
  } while (member != module)
  judge_ring(ring)
}

function judge_ring(ring,    members, count, i, k, inside) {
  count = split(ring, members, " ")
  if (count < 2 || is_old(members, count)) return
  split("", inside)
  for (i = 1; i <= count; i++) inside[members[i]] = 1
  for (i = 1; i <= count; i++)
    for (k in inside)
      if ((members[i], k) in way) {
        file = substr(way[members[i], k], 1, index(way[members[i], k], ":") - 1)
        report(substr(way[members[i], k], length(file) + 2), "a part of a ring of " count " modules: " \
          members[i] " includes " k)
      }
}

function is_old(members, count,    i, k) {
  for (k = 1; k <= old_rings; k++) {
    for (i = 1; i <= count && index(old_ring[k], " " members[i] " "); i++) continue
    if (i > count) return 1
  }
  return 0
}

function read_old_rings(    line, table) {
  table = tables "/rings"
  while ((getline line < table) > 0) if (line !~ /^#/) old_ring[++old_rings] = " " line " "
  close(table)
}
