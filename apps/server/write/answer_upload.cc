// Which status an upload gets. Covered by tests/server/write/put_test.cc and publish_test.cc.
#include "apps/server/write/answer_upload.h"

#include <optional>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"
#include "parser/error.h"

namespace server {

using uring::Fault;

void answer_write(Connection& c, Fault fault) {
  const bool conflict = fault == Fault::not_directory || fault == Fault::not_found;
  const int status = conflict ? 409 : fault == Fault::bad_name ? 400 : status_of(fault);
  answer(c, status, explanation_of(fault));
}

void refuse_body(Connection& c, int status, std::string_view explanation) {
  answer(c, status, explanation);
  close_after_answer(c);
}

void refuse_body(Connection& c, Fault fault) {
  answer_write(c, fault);
  close_after_answer(c);
}

void answer_broken(Connection& c, const Received& received) {
  if (!received.broken) {
    answer(c, http1::status_of(received.error), http1::describe(received.error));
  } else if (c.io.timed_out() && !c.io.stopped()) {
    c.io.renew();
    answer(c, 408, "the body did not arrive in time");
  } else {
    c.open = false;  // the client has gone: the response is for the log alone
    answer(c, 400, "the body ended short");
  }
  close_after_answer(c);
}

namespace {

// The facts of the published file. A file in memory has just the size and the time that this upload
// gave it, so that no system call is needed.
std::optional<FileFacts> published_facts(const uring::Io& io, const Upload& upload) {
  if (!io.does_files_at_once() || !upload.mtime_ns || upload.terms.part) {
    return facts_of(upload.file);
  }
  return FileFacts{.size = upload.position, .mtime_ns = *upload.mtime_ns};
}

// Plans the response to an upload that has its name. RFC 9110 section 9.3.4: no validators where
// the file is not exactly what the client sent.
void answer_stored(Connection& c, const Upload& upload, bool is_created) {
  if (!confirm_directory(c, upload.parent_id)) return;
  Exchange& x = *c.exchange;
  const std::optional<FileFacts> facts = published_facts(c.io, upload);
  x.plan = plan_stored(x.request.head, is_created, facts.value_or(FileFacts{}));
  x.plan.has_facts = facts && !upload.terms.part;
  x.plan.mtime_accepted = upload.terms.mtime_seconds.has_value();
}

}  // namespace

bool refuse_replacing(Connection& c) {
  const bool must_create = c.exchange->request.intent.must_create;
  if (must_create) answer(c, 403, "files may be created here, and none may be replaced");
  return must_create;
}

bool is_refused(Connection& c, const Upload& upload) {
  const Found& before = upload.before;
  const bool exists = before.fault == Fault::none;
  if (!exists && before.fault != Fault::not_found) {
    answer_write(c, before.fault);
    return true;
  }
  if (exists && before.is_directory) {
    answer_write(c, Fault::is_directory);
    return true;
  }
  if (exists && refuse_replacing(c)) return true;
  const std::string_view clash = clash_with(upload.terms, exists ? before.facts.size : 0);
  if (!clash.empty()) {
    answer(c, 409, clash);
    return true;
  }
  if (conditions_hold(*upload.conditions, before, c.worker.now())) return false;
  answer(c, 412);
  return true;
}

void count_upload(WorkerCounters& counters, const Connection& c) {
  const int status = c.exchange->plan.status;
  const bool is_gone = !c.open || status == 408;
  const UploadResult result = status < 300    ? UploadResult::stored
                              : is_gone       ? UploadResult::aborted
                              : status >= 500 ? UploadResult::failed
                                              : UploadResult::refused;
  counters.uploads[static_cast<std::size_t>(result)].add();
  counters.uploads_in_flight.set(counters.uploads_in_flight.read() - 1);
}

void answer_published(Connection& c, const Upload& upload, Published published) {
  switch (published.outcome) {
    case Publication::created: answer_stored(c, upload, true); break;
    case Publication::replaced: answer_stored(c, upload, false); break;
    case Publication::condition_failed:
      if (!refuse_replacing(c)) answer(c, 412);
      break;
    case Publication::changed: answer(c, 409, "the file has changed while its part arrived"); break;
    case Publication::unsupported:
      answer(c, 501, "this file system cannot create a file without perhaps replacing one");
      break;
    case Publication::unconfirmed:
      answer(c, 500, "the file is there, but the disk did not confirm it");
      break;
    case Publication::failed: answer_write(c, published.fault); break;
  }
}

}  // namespace server
