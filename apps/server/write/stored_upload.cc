// Opening, writing and removing the two files. Covered by tests/server/write/resume_test.cc and
// tests/end_to_end/resumable_test.cc.
#include "apps/server/write/stored_upload.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sys/file.h>
#include <sys/stat.h>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/expire_uploads.h"
#include "apps/server/files/file_system.h"
#include "apps/server/plan/rules.h"
#include "apps/server/write/copy_part.h"
#include "apps/server/write/parents.h"
#include "apps/server/write/temporary.h"
#include "parser/target.h"

namespace server {

using uring::Fault;

namespace {

// How often the lock of another process is tried, and the time between two attempts: about a
// second in all, in which a request there may end.
constexpr int most_lock_attempts = 20;
constexpr uring::Milliseconds lock_pause_ms = 50;

constexpr std::string_view gone_text = "there is no such upload, or it has expired";

// Opens a file of the upload. Links are not followed.
uring::Task<Fault> open_name(Connection& c, int directory, const TemporaryName& name,
                             std::uint64_t flags, int& file) {
  const uring::OpenHow how = beneath(flags | O_NOFOLLOW | O_NONBLOCK);
  OpenAttempts attempts(c.worker.files);
  uring::Result opened;
  const char* text = name.data();
  do {
    const uring::Result attempt = co_await c.io.open(directory, text, how);
    opened = attempt;
  } while (attempts.another(opened.fault()));
  file = opened.ok() ? opened.value : -1;
  co_return opened.fault();
}

// Reads the whole state into StoredUpload::text, and parses it. Fault::not_found: there is none.
uring::Task<Fault> read_state(Connection& c, int directory, StoredUpload& stored) {
  const TemporaryName name = name_of_upload(stored.id, UploadName::state);
  int file = -1;
  const Fault opened = co_await open_name(c, directory, name, O_RDONLY, file);
  if (opened != Fault::none) co_return opened;
  struct stat status {};
  Fault fault = describe_file(file, status) ? Fault::none : uring::fault_of(errno);
  stored.changed = status.st_mtim;
  std::size_t size = 0;
  while (fault == Fault::none && size < stored.text.size()) {
    const std::span<char> rest = std::span<char>(stored.text).subspan(size);
    const uring::Result got = co_await c.io.read(file, rest, size);
    fault = got.fault();
    if (got.count() == 0) break;
    size += got.count();
  }
  c.io.engine().close(file);
  if (fault != Fault::none) co_return fault;
  const bool is_whole =
      read_upload_state({stored.text.data(), size}, stored.head, stored.leaf, stored.state);
  co_return is_whole ? Fault::none : Fault::not_found;
}

// Locks the file of bytes. False: another process uses it.
uring::Task<bool> lock_part(Connection& c, int file) {
  for (int attempt = 1;; ++attempt) {
    const bool is_used = ::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!is_used) co_return true;
    if (attempt == most_lock_attempts) co_return false;
    co_await c.io.sleep(lock_pause_ms);
  }
}

// Says whether the target is the file of bytes already: it was linked to its name, on a file system
// whose rename always replaces, and the server was killed before it removed the other name.
uring::Task<bool> is_published(Connection& c, const StoredUpload& stored, const struct stat& part) {
  if (!stored.state.is_complete || part.st_nlink < 2) co_return false;
  const Found target = co_await stat_target(c, handle_flags);
  const FileFacts& facts = stored.state.facts;
  const bool is_equal = target.facts.size == facts.size && target.facts.mtime_ns == facts.mtime_ns;
  co_return is_equal&& target.fault == Fault::none;
}

// Opens and locks the file of bytes. Fault::not_found: there is none. Fault::try_again: another
// process uses it.
uring::Task<Fault> open_part(Connection& c, Upload& upload, StoredUpload& stored) {
  upload.name = name_of_upload(stored.id, UploadName::part);
  const Fault opened =
      co_await open_name(c, upload.target.directory, upload.name, O_RDWR, upload.file);
  if (opened != Fault::none) co_return opened;
  const bool is_locked = co_await lock_part(c, upload.file);
  if (!is_locked) co_return Fault::try_again;
  struct stat status {};
  if (!describe_file(upload.file, status)) co_return uring::fault_of(errno);
  // The process that had the lock may have published or removed it.
  if (status.st_nlink == 0 || !S_ISREG(status.st_mode)) co_return Fault::not_found;
  const bool is_done = co_await is_published(c, stored, status);
  if (is_done) {
    const char* name = upload.name.data();
    co_await c.io.unlink(upload.target.directory, name, 0);
    co_return Fault::not_found;
  }
  upload.position = static_cast<std::uint64_t>(status.st_size);
  stored.changed = later_of(stored.changed, status.st_mtim);
  co_return Fault::none;
}

// Says whether the upload is over: by its time, or because the machine was restarted since bytes
// were written that were not synced.
bool is_over(const Connection& c, const StoredUpload& stored) {
  const std::int64_t expiry_s = c.exchange->site->upload_expiry_s;
  if (end_of_upload_ms(stored.changed, expiry_s, stored.is_finished) <= file_time_ms()) return true;
  const std::string_view boot = stored.state.boot;
  return !stored.is_finished && !boot.empty() && boot != c.worker.shared.uploads->boot();
}

// Decides by the rules about the target. False: a response is planned.
bool admit_to_target(Connection& c) {
  Exchange& x = *c.exchange;
  if (!x.site->is_guarded) return true;
  Intent& intent = x.request.intent;
  const Access access =
      judge_access(x.site->rules, x.request.user, Action::write, intent.path, false);
  intent.must_create = access.must_create;
  if (access.outcome == Access::Outcome::allowed) return true;
  const bool may_identify = x.request.user.empty() && x.site->has_accounts;
  answer(c, may_identify ? 401 : 403,
         may_identify ? std::string_view() : "no rule of this server allows this");
  return false;
}

void answer_gone(Connection& c, Fault fault) {
  if (fault == Fault::try_again)
    answer(c, 409, "another server goes on with this upload at present");
  else if (status_of(fault) == 404)
    answer(c, 404, gone_text);
  else
    answer(c, fault);
}

// The offset in the path of the first of the directories that the upload has made, plus one; 0:
// none.
std::size_t made_from(std::string_view path, std::size_t parents) {
  std::size_t begin = path.rfind('/');
  if (parents == 0 || begin == std::string_view::npos) return 0;
  for (std::size_t i = 0; i < parents; ++i) {
    if (begin == 0) return 0;
    const std::size_t slash = path.rfind('/', begin - 1);
    if (slash == std::string_view::npos) return i + 1 == parents ? 1 : 0;
    begin = slash;
  }
  return begin + 2;
}

uring::Task<Fault> unlink_if_there(Connection& c, int directory, const char* name) {
  const uring::Result removed = co_await c.io.unlink(directory, name, 0);
  co_return removed.fault() == Fault::not_found ? Fault::none : removed.fault();
}

}  // namespace

std::unique_ptr<StoredUpload> make_stored_upload() {
  return std::unique_ptr<StoredUpload>(new (std::nothrow) StoredUpload);
}

uring::Task<bool> take_use(Connection& c, StoredUpload& stored) {
  stored.use.id = stored.id;
  const Fault entered = c.worker.shared.uploads->enter(stored.use);
  if (entered != Fault::none && entered != Fault::try_again) {
    answer(c, entered);
    co_return false;
  }
  stored.is_in_registry = true;
  if (entered == Fault::none) co_return true;
  std::uint64_t count = 0;
  const std::span<char> bytes(reinterpret_cast<char*>(&count), sizeof count);
  const uring::Result woken =
      co_await c.io.read(stored.use.granted_event, bytes, uring::at_position);
  if (woken.ok()) co_return true;
  answer(c, woken.fault());
  co_return false;
}

void release_use(Connection& c, StoredUpload& stored) {
  if (stored.is_in_registry) c.worker.shared.uploads->leave(stored.use);
  stored.is_in_registry = false;
}

bool set_leaf(Connection& c, std::string_view leaf) {
  Exchange& x = *c.exchange;
  Intent& intent = x.request.intent;
  std::array<char, path_buffer_bytes>& buffer = x.scratch.path;
  const auto begin = static_cast<std::size_t>(leaf_of(intent) - buffer.data());
  if (begin + leaf.size() >= buffer.size()) return false;
  leaf.copy(buffer.data() + begin, leaf.size());
  buffer[begin + leaf.size()] = '\0';
  const char* const path = intent.path.data();
  intent.path = {path, static_cast<std::size_t>(buffer.data() + begin - path) + leaf.size()};
  return true;
}

uring::Task<bool> open_stored(Connection& c, Upload& upload, StoredUpload& stored) {
  Fault fault = co_await open_directory(c, upload.target);
  const bool has_directory =
      fault == Fault::none && has_parent(c.exchange->request.intent, upload.target);
  if (fault == Fault::none && !has_directory) fault = Fault::not_found;
  if (fault == Fault::none) {
    const Fault read = co_await read_state(c, upload.target.directory, stored);
    fault = read;
  }
  if (fault == Fault::none && !set_leaf(c, stored.state.leaf)) fault = Fault::not_found;
  if (fault != Fault::none) {
    answer_gone(c, fault);
    co_return false;
  }
  const Fault part = co_await open_part(c, upload, stored);
  stored.is_finished = part == Fault::not_found && stored.state.is_complete;
  if (part != Fault::none && !stored.is_finished) {
    answer_gone(c, part);
    co_return false;
  }
  if (stored.is_finished) upload.position = stored.state.facts.size;
  upload.terms = read_terms(stored.head);
  upload.conditions = &stored.head;
  if (!admit_to_target(c)) co_return false;
  if (!is_over(c, stored)) co_return true;
  co_await remove_stored(c, upload, stored);
  answer(c, 404, gone_text);
  co_return false;
}

uring::Task<Fault> write_state(Connection& c, const Upload& upload, StoredUpload& stored,
                               const http1::RequestHead& origin) {
  // The text that `origin` views may be StoredUpload::text.
  const std::unique_ptr<char[]> buffer(new (std::nothrow) char[most_state_bytes]);
  if (!buffer) co_return Fault::out_of_memory;
  const std::string_view text =
      write_upload_state(stored.state, origin, {buffer.get(), most_state_bytes});
  if (text.empty()) co_return Fault::too_large;
  Upload file;
  file.target.directory = upload.target.directory;
  Fault fault = co_await create_named(c, file);
  if (fault != Fault::none) co_return fault;
  const Fault written = co_await write_all(c.io, file.file, text, file.position);
  fault = written;
  if (fault == Fault::none && stored.state.boot.empty()) {
    const uring::Result synced = co_await c.io.sync_data(file.file);
    fault = synced.fault();
  }
  if (fault == Fault::none) {
    const TemporaryName name = name_of_upload(stored.id, UploadName::state);
    const char* from = file.name.data();
    const char* to = name.data();
    const int directory = file.target.directory;
    const uring::Result renamed = co_await c.io.rename(directory, from, directory, to, 0);
    fault = renamed.fault();
    file.has_name = fault != Fault::none;
  }
  if (file.has_name) co_await remove_temporary(c.io, file);
  c.io.engine().close(file.file);
  co_return fault;
}

uring::Task<Fault> remove_stored(Connection& c, Upload& upload, StoredUpload& stored) {
  UploadRegistry& uploads = *c.worker.shared.uploads;
  const TemporaryName state = name_of_upload(stored.id, UploadName::state);
  const TemporaryName part = name_of_upload(stored.id, UploadName::part);
  const int directory = upload.target.directory;
  const char* name = state.data();
  // The state first: bytes without a state are removed by the next sweep.
  const Fault state_removed = co_await unlink_if_there(c, directory, name);
  if (state_removed != Fault::none) co_return state_removed;
  if (!stored.is_finished) {
    name = part.data();
    const Fault part_removed = co_await unlink_if_there(c, directory, name);
    if (part_removed != Fault::none) {
      constexpr std::int64_t pause_ms = 5000;
      uploads.set_due(stored.id, file_time_ms() + pause_ms, stored.state.parents);
      co_return part_removed;
    }
    upload.has_name = false;
    upload.made_from = made_from(c.exchange->request.intent.path, stored.state.parents);
    co_await remove_parents(c, upload);
  }
  uploads.remove(stored.id);
  co_return Fault::none;
}

uring::Task<Fault> sync_part(Connection& c, const Upload& upload, const StoredUpload& stored) {
  if (!stored.state.boot.empty() || upload.file < 0) co_return Fault::none;
  const uring::Result synced = co_await c.io.sync_data(upload.file);
  co_return synced.fault();
}

std::string_view sibling_location(Connection& c, std::string_view leaf) {
  Exchange& x = *c.exchange;
  std::string_view directory = x.request.head.path();
  while (directory.starts_with("//")) directory.remove_prefix(1);
  directory = directory.substr(0, directory.rfind('/') + 1);
  const std::span<char> text =
      x.scratch.text_for_plan().subspan(answer_text_bytes + upload_lines_bytes);
  if (directory.size() + 3 * leaf.size() > text.size()) directory = {};  // it is relative then
  directory.copy(text.data(), directory.size());
  const std::string_view encoded = http1::encode_path(leaf, text.subspan(directory.size()));
  return {text.data(), directory.size() + encoded.size()};
}

void add_upload_lines(Connection& c, const UploadAnswer& answer) {
  Exchange& x = *c.exchange;
  const std::span<char> text = x.scratch.text_for_plan();
  x.plan.more_lines =
      write_upload_lines(answer, text.subspan(answer_text_bytes, upload_lines_bytes));
}

void answer_options(Connection& c) {
  Exchange& x = *c.exchange;
  x.plan = plan_options(x.request.head, allowed_for(x.request.head, x.request.intent, *x.site));
  if (x.site->resumable) add_upload_lines(c, new_upload_limits(*x.site));
}

std::int64_t remaining_s(const Connection& c, const StoredUpload& stored) {
  const std::int64_t expiry_s = c.exchange->site->upload_expiry_s;
  const std::int64_t end_ms = end_of_upload_ms(stored.changed, expiry_s, stored.is_finished);
  return (end_ms - file_time_ms() + 999) / 1000;
}

}  // namespace server
