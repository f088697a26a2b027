// Index files, precompressed siblings, and the pages for paths that do not exist. Read
// get() first. Covered by tests/server/read/get_test.cc, get_responses_test.cc and
// tests/end_to_end/.
#include "apps/server/read/get.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/open.h"
#include "apps/server/plan/precompressed.h"
#include "apps/server/read/list_directory.h"
#include "apps/server/read/look_up.h"
#include "apps/server/read/wanted_digests.h"

namespace server {

std::string_view type_of(const Connection& c, CachedFile& file, std::string_view path) {
  const LiveGeneration& live = *c.exchange->live;
  // The cached type is a view of the table of the current generation.
  if (!live.is_current) return live.generation->mime->type_of(path);
  if (file.content_type.empty()) file.content_type = live.generation->mime->type_of(path);
  return file.content_type;
}

std::string_view not_found_page(const Site& site) {
  return site.not_found.empty() ? std::string_view("404.html") : site.not_found;
}

namespace {

const Mime& mime_of(const Connection& c) { return *c.exchange->live->generation->mime; }

std::string_view type_in(const Connection& c, const Found& found, std::string_view path) {
  return found.cached ? type_of(c, *found.cached, path) : mime_of(c).type_of(path);
}

// The file that a request leads to: that of its path, or an index file of its directory.
struct Located {
  Found found;
  std::string_view index;  // the name of the index file; empty: the file is that of the path
  bool is_public = false;  // every client may read the index file by its own path
};

std::string_view path_of(const Connection& c, const Located& located) {
  return located.index.empty() ? c.exchange->request.intent.path : located.index;
}

// Writes the path of `located`, with `suffix`, into `text`, NUL-terminated. A path that does not
// fit is cut; the rest is still longer than PATH_MAX, and the kernel refuses it.
void join(const Connection& c, const Located& located, std::string_view suffix,
          std::span<char> text) {
  const std::string_view path = c.exchange->request.intent.path;
  const bool has_directory = !located.index.empty() && path != ".";
  std::size_t size = 0;
  const auto add = [&](std::string_view piece) {
    size += piece.copy(text.data() + size, text.size() - 1 - size);
  };
  if (has_directory || located.index.empty()) add(path);
  if (has_directory) add("/");
  add(located.index);
  add(suffix);
  text[size] = '\0';
}

// Looks up the index files of the directory in order, and returns the first that exists and that
// the asker may read by its own path, too.
uring::Task<Located> open_index(Connection& c) {
  const ScratchText text(c.exchange->scratch);
  for (const std::string& name : c.exchange->site->index) {
    Located located{.index = name};
    join(c, located, {}, text.bytes());
    const char* path = text.data();
    if (!may_read(c, c.exchange->request.user, path)) continue;
    Found found = co_await look_up(c, path);
    if (found.fault == uring::Fault::not_found || found.is_directory) {
      discard(c, found, uring::Fault::not_found);
    }
    located.found = found;
    located.is_public = c.exchange->request.intent.is_public && may_read(c, {}, path);
    if (found.fault != uring::Fault::not_found) co_return located;
  }
  co_return Located{.found = {.fault = uring::Fault::not_found}};
}

// Plans the response with a page in place of a path that does not exist. False: there is no such
// page.
uring::Task<bool> show_page(Connection& c, const char* path, int status) {
  Exchange& x = *c.exchange;
  Found found = co_await look_up(c, path);
  if (status_of(found.fault) == 503) {
    answer(c, found.fault);  // whether the page exists is unknown
    co_return true;
  }
  if (found.fault != uring::Fault::none || found.is_directory) {
    discard(c, found, uring::Fault::not_found);
    co_return false;
  }
  x.source.file = found.fd;
  x.source.cached = found.cached;
  x.plan = plan_page(x.request.head, status, found.facts, type_in(c, found, path));
  co_return true;
}

// Plans the response for a path that does not exist: the fallback, the page for 404, or a line of
// text.
uring::Task<> show_missing(Connection& c) {
  const Site& site = *c.exchange->site;
  if (!site.fallback.empty()) {
    const char* fallback = site.fallback.c_str();
    const bool is_shown = co_await show_page(c, fallback, 200);
    if (is_shown) co_return;
  }
  const char* page = not_found_page(site).data();
  const bool is_shown = co_await show_page(c, page, 404);
  if (!is_shown) answer(c, 404);
}

// Replaces `located` by a precompressed sibling that the client accepts, where one exists.
uring::Task<> choose_coding(Connection& c, Located& located) {
  const CodingChoice choice = acceptable_codings(c.exchange->request.head);
  if (choice.count == 0) co_return;
  const ScratchText text(c.exchange->scratch);
  for (const Coding coding : choice.wanted()) {
    join(c, located, suffix_of(coding), text.bytes());
    const char* path = text.data();
    Found sibling = co_await look_up(c, path);
    const bool exists = sibling.fault == uring::Fault::none && !sibling.is_directory;
    if (!exists || !is_current(sibling.facts.mtime_ns, located.found.facts.mtime_ns)) {
      discard(c, sibling, uring::Fault::not_found);
      continue;
    }
    discard(c, located.found, uring::Fault::none);
    located.found = sibling;
    located.found.facts.coding = coding;
    co_return;
  }
}

// Reads from a file that is reported as empty. Fault::unsupported: it has content nevertheless, as
// the files of procfs have.
uring::Task<uring::Fault> check_empty(uring::Io& io, int file) {
  std::array<char, 1> byte{};
  const std::span<char> buffer(byte);
  const uring::Result got = co_await io.read(file, buffer, 0);
  if (!got.ok()) co_return got.fault();
  co_return got.count() == 0 ? uring::Fault::none : uring::Fault::unsupported;
}

// Plans the response with an existing file.
uring::Task<> show_file(Connection& c, Located located) {
  Exchange& x = *c.exchange;
  const bool is_negotiated = x.site->precompressed;
  const std::string_view type = type_in(c, located.found, path_of(c, located));
  if (is_negotiated) co_await choose_coding(c, located);
  x.source.file = located.found.fd;
  x.source.cached = located.found.cached;
  if (located.found.fd >= 0 && located.found.facts.size == 0) {
    const uring::Fault fault = co_await check_empty(c.io, located.found.fd);
    if (fault == uring::Fault::unsupported) {
      co_return answer(c, 500, "the file system does not report the size of this file");
    }
    if (fault != uring::Fault::none) co_return answer(c, fault);
  }
  x.plan = plan_file(x.request.head, located.found.facts, type, c.worker.now(), x.scratch.ranges);
  if (is_negotiated) x.plan.vary = "Accept-Encoding";
  x.plan.boundary = {x.scratch.boundary.data(), x.scratch.boundary.size()};
  const bool is_multipart = x.plan.content == Content::parts;
  if (is_multipart && !draw_boundary(x.scratch.boundary)) answer(c, 500);
  if (wants_digests(x.request.head)) co_await add_wanted_digests(c);
}

// Plans the response to a look-up, whether a file was found or not.
uring::Task<> show(Connection& c, Located located) {
  if (located.found.fault == uring::Fault::none) {
    co_await show_file(c, located);
  } else if (status_of(located.found.fault) == 404) {
    discard(c, located.found, located.found.fault);
    co_await show_missing(c);
  } else {
    answer(c, located.found.fault);
  }
}

// Plans the response to a path that leads to a directory.
uring::Task<> show_directory(Connection& c) {
  Exchange& x = *c.exchange;
  if (!x.request.intent.names_directory) {
    x.plan = plan_slash(x.request.head, x.request.intent.path, x.scratch.text_for_plan());
    co_return;
  }
  const Located index = co_await open_index(c);
  if (index.found.cached && x.site->index.size() == 1) {
    record_target(c, *index.found.cached, index.is_public);
  }
  if (index.found.fault == uring::Fault::not_found && x.site->listing)
    co_await list_directory(c);
  else
    co_await show(c, index);
}

}  // namespace

uring::Task<> get(Connection& c) {
  const Intent& intent = c.exchange->request.intent;
  if (intent.is_hidden) {
    co_await show_missing(c);
    co_return;
  }
  const char* path = intent.path.data();
  Located located;
  const Found found = co_await look_up(c, path);
  located.found = found;
  if (intent.shows_way_only && !found.is_directory) {
    discard(c, located.found, uring::Fault::none);
    co_return answer(c, intent.status);
  }
  if (found.cached && !intent.names_directory) {
    record_target(c, *found.cached, intent.is_public);
  }
  if (found.is_directory) {
    discard(c, located.found, uring::Fault::none);
    co_await show_directory(c);
    co_return;
  }
  if (intent.names_directory && found.fault == uring::Fault::none) {
    discard(c, located.found, uring::Fault::not_found);
  }
  co_await show(c, located);
}

}  // namespace server
