// Making, opening and removing directories. Covered by tests/server/write/parents_test.cc.
#include "apps/server/write/parents.h"

#include <cstring>
#include <fcntl.h>
#include <memory>
#include <new>
#include <utility>

#include "apps/server/connection/worker_state.h"

namespace server {

using uring::Fault;

namespace {

// Makes the missing directories and opens the last one as Upload::parent, also after a fault.
uring::Task<Fault> make_parents(Connection& c, Upload& upload) {
  const std::string_view path = c.exchange->request.intent.path;
  const ScratchText text(c.exchange->scratch);
  const Durability durability = c.exchange->site->durability;
  const bool is_synced = durability == Durability::full;
  const uring::OpenHow how = beneath(directory_flags(durability) | O_NOFOLLOW);
  int parent = upload.target.directory;
  Fault fault = Fault::none;
  for (std::size_t begin = upload.target.existing_bytes; fault == Fault::none;) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) break;
    char* name = text.data();
    name[path.substr(begin, slash - begin).copy(name, text.bytes().size() - 1)] = '\0';
    const uring::Result made = co_await c.io.make_directory(parent, name, 0777);
    if (!made.ok() && made.fault() != Fault::exists) fault = made.fault();
    // A directory that another writer made stays, and with it the ones above it: this upload may
    // remove only the directories below.
    if (made.ok() && upload.made_from == 0) upload.made_from = begin + 1;
    if (made.fault() == Fault::exists) upload.made_from = 0;
    if (made.ok() && is_synced) {
      const uring::Result synced = co_await c.io.sync(parent);
      fault = synced.fault();
    }
    OpenAttempts attempts(c.worker.files);
    uring::Result opened;
    do {
      const uring::Result attempt = co_await c.io.open(parent, name, how);
      opened = attempt;
    } while (attempts.another(opened.fault()));
    if (opened.ok()) {
      if (parent != upload.target.directory) c.io.engine().close(parent);
      parent = opened.value;
    } else if (fault == Fault::none) {
      fault = opened.fault();
    }
    begin = slash + 1;
  }
  upload.parent = parent;
  co_return fault;
}

}  // namespace

void close_parent(uring::Io& io, Upload& upload) {
  const int parent = std::exchange(upload.parent, -1);
  if (parent >= 0 && parent != upload.target.directory) io.engine().close(parent);
}

uring::Task<Fault> open_parent(Connection& c, Upload& upload, bool again) {
  close_parent(c.io, upload);
  if (again && upload.is_nameless) {
    // A nameless file keeps no directory from being removed: the nearest existing one may be gone.
    release_directory(c, upload.target);
    const Fault opened = co_await open_directory(c, upload.target);
    if (opened != Fault::none) co_return opened;
  }
  const Fault made = co_await make_parents(c, upload);
  co_return made;
}

// Each directory is found again from the root, because its parent may have been replaced by a link
// meanwhile.
uring::Task<> remove_parents(Connection& c, Upload& upload) {
  const std::string_view path = c.exchange->request.intent.path;
  if (upload.made_from == 0) co_return;
  // Not the text buffer of the exchange, which may have the text of a planned response.
  const std::unique_ptr<char[]> text(new (std::nothrow) char[path.size() + 3]);
  if (!text) co_return;
  const uring::OpenHow how = beneath(O_PATH | O_DIRECTORY);
  std::size_t end = path.rfind('/');
  while (upload.made_from > 0 && end != std::string_view::npos && end >= upload.made_from) {
    const std::size_t slash = path.substr(0, end).rfind('/');
    const bool at_root = slash == std::string_view::npos;
    const std::size_t begin = at_root ? 0 : slash + 1;
    // The buffer holds the path of the parent, its NUL or "." with a NUL, and then the name.
    char* parent = text.get();
    char* name = parent + (at_root ? path.copy(parent, 0) : path.copy(parent, slash)) + 2;
    std::strcpy(name - 2, at_root ? "." : "");
    name[path.substr(begin, end - begin).copy(name, path.size())] = '\0';
    const uring::Result opened = co_await c.io.open(c.worker.shared.root, parent, how);
    Fault fault = opened.fault();
    if (opened.ok()) {
      const uring::Result removed = co_await c.io.unlink(opened.value, name, AT_REMOVEDIR);
      c.io.engine().close(opened.value);
      fault = removed.fault();
    }
    if (fault != Fault::none && fault != Fault::not_found) co_return;
    end = slash;
  }
}

}  // namespace server
