// Intent: the action and the path of a request, decided from its head and the Site alone. Pure.
//
// Covered by tests/server/plan/intent_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "apps/server/plan/archive_terms.h"
#include "apps/server/plan/methods.h"
#include "apps/server/plan/site.h"
#include "parser/message.h"

namespace server {

struct Intent {
  Action action = Action::refuse;
  int status = 0;                // of a refusal
  std::string_view explanation;  // of a refusal, for a person; a constant
  // Relative to the root, without a slash at either end, "." for the root itself. A view of the
  // buffer that was given to decide(); NUL-terminated.
  std::string_view path;
  bool names_directory = false;  // the path ended in a slash
  bool is_hidden = false;        // for reading: respond as for a path that does not exist
  bool is_public = true;         // every client may read this path
  bool must_create = false;      // the asker may only create: a write replaces nothing
  bool names_upload = false;     // the path is the URL of a resumable upload
  // Only a listing of the way to what the asker may read, where the path leads to a directory; else
  // `status` is the refusal.
  bool shows_way_only = false;
  ArchiveFormat archive = ArchiveFormat::none;  // of Action::archive
  // Of Action::move. Like `path`, a view of the buffer that decide_destination() was given.
  std::string_view destination;
  bool destination_names_directory = false;  // it ended in a slash
  bool may_replace = true;                   // false: Overwrite: F
  bool may_move_directory = true;  // no rule is about paths below the source or the destination

  // Whether the request is about the path, so that rights decide about it.
  bool names_file() const {
    return action != Action::options && action != Action::refuse && action != Action::script;
  }
};

// The size of a buffer for a decoded path: PATH_MAX of Linux.
inline constexpr std::size_t path_buffer_bytes = 4096;

// Decides what `head` asks of `site`. Decodes the path into `buffer`, which has path_buffer_bytes
// and outlives the Intent.
Intent decide(const http1::RequestHead& head, const Site& site, std::span<char> buffer);

// The methods of the resource that a request names, for Allow.
Allowed allowed_for(const http1::RequestHead& head, const Intent& intent, const Site& site);

// Says whether a segment of a path is longer than the names that file systems take.
bool has_long_name(std::string_view path);

// Says whether a path (as Intent::path) has a segment that is not served: one that begins with a
// dot, or with `dot_files` a temporary file.
bool is_hidden(std::string_view path, bool dot_files);

}  // namespace server
