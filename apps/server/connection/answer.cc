// Responses of one line of text. Covered by tests/server/connection/answer_test.cc.
#include "apps/server/connection/answer.h"

#include "apps/server/plan/methods.h"
#include "parser/error.h"

namespace server {

namespace {

// The error of a socket as that of a file operation: ENOTCONN, ECONNRESET, ETIMEDOUT and others
// come from network file systems and from FUSE.
bool is_of_remote_file_system(uring::Fault fault) {
  return fault == uring::Fault::peer_gone || fault == uring::Fault::refused ||
         fault == uring::Fault::unreachable;
}

}  // namespace

int status_of(uring::Fault fault) {
  switch (fault) {
    case uring::Fault::not_found:
    case uring::Fault::bad_name:
    case uring::Fault::not_directory: return 404;
    case uring::Fault::outside:
    case uring::Fault::link_loop:
    case uring::Fault::not_allowed: return 403;
    case uring::Fault::exists:
    case uring::Fault::is_directory:
    case uring::Fault::not_empty: return 409;
    case uring::Fault::no_space: return 507;
    case uring::Fault::too_large: return 413;
    case uring::Fault::out_of_descriptors:
    case uring::Fault::out_of_memory:
    case uring::Fault::try_again:
    case uring::Fault::stale:
    case uring::Fault::device_error: return 503;
    default: return is_of_remote_file_system(fault) ? 503 : 500;
  }
}

std::string_view explanation_of(uring::Fault fault) {
  if (is_of_remote_file_system(fault)) return "the file system does not respond";
  if (fault == uring::Fault::device_error) return "the file system has failed to read or write";
  return uring::describe(fault);
}

void answer(Connection& c, int status, std::string_view explanation) {
  Exchange& x = *c.exchange;
  x.plan = plan_text(x.request.head, status, explanation, x.scratch.text_for_plan());
  if (status == 405) {
    x.plan.allow = allowed_methods(allowed_for(x.request.head, x.request.intent, *x.site));
  }
  if (status == 503) x.plan.keep_alive = false;
  if (x.request.head.method() == http1::Method::connect) x.plan.keep_alive = false;
}

void answer(Connection& c, uring::Fault fault) {
  answer(c, status_of(fault), explanation_of(fault));
}

void answer_problem(Connection& c, int status, std::string_view json) {
  c.exchange->plan = plan_problem(c.exchange->request.head, status, json);
}

void close_after_answer(Connection& c) {
  c.exchange->plan.keep_alive = false;
  c.lingers = true;
}

void refuse_head(Connection& c) {
  const http1::Error error = c.exchange->request.head.failure().error;
  answer(c, http1::status_of(error), http1::describe(error));
  close_after_answer(c);
}

}  // namespace server
