// Judging heads. Covered by tests/client/net/response_test.cc.
#include "apps/client/net/response.h"

#include <utility>

#include "apps/client/net/request.h"
#include "parser/fields.h"
#include "parser/write.h"

namespace client {

namespace {

// Says whether the request asks for a response of that status, which is one of those below.
bool is_requested(int status, http1::Method method, const Settings& settings) {
  if (method != http1::Method::get && method != http1::Method::head) return false;
  switch (status) {
    case 206: return user_sends(settings, "Range");  // RFC 9110 15.3.7
    case 226: return user_sends(settings, "A-IM");   // RFC 3229 10.4.1
    default:                                         // 304: RFC 9110 15.4.5
      return settings.only_newer || user_sends(settings, "If-None-Match") ||
             user_sends(settings, "If-Modified-Since");
  }
}

}  // namespace

std::string status_text(const http1::ResponseHead& head) {
  std::string text = std::to_string(head.status()) + " ";
  text += head.reason().empty() ? http1::reason_of(head.status()) : head.reason();
  return text;
}

bool redirects(const http1::ResponseHead& head) {
  switch (head.status()) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return head.has(http1::FieldName::location);
    default: return false;
  }
}

ExitReason unrequested(const http1::ResponseHead& head, http1::Method method,
                       const Settings& settings, const Url& where) {
  const int status = head.status();
  if (status != 206 && status != 226 && status != 304) return {};
  if (is_requested(status, method, settings)) return {};
  return exit_with(ExitCode::weird_reply, where.text() + ": the server responded " +
                                              status_text(head) +
                                              ", which quoit did not ask for; try again");
}

ExitReason refused(const http1::ResponseHead& head, const Url& where) {
  std::string text = where.text() + ": the server responded " + status_text(head);
  const std::string_view elsewhere = head.value_of(http1::FieldName::location);
  if (head.status_class() == 3 && !elsewhere.empty()) {
    text.append("; give this URL instead: ").append(elsewhere);
  } else {
    const bool is_logged_in = !where.userinfo.empty() || !where.authorization.empty();
    text += head.status() == 401 && is_logged_in ? "; the server does not accept these credentials"
                                                 : advice_on(head.status());
  }
  return exit_with(ExitCode::http_error, std::move(text));
}

std::string_view advice_on(int status) {
  switch (status) {
    case 400: return "; see the exchange with --verbose";
    case 401: return "; log in with -u NAME, --token-file FILE or --netrc";
    case 403: return "; the server does not permit this";
    case 404:
    case 410: return "; check the path";
    case 405:
      return "; the server does not allow this there (quoitd needs --writable to accept files)";
    case 407: return "; give the proxy as http://NAME:PASSWORD@HOST:PORT";
    case 409: return "; a directory of that path is missing there, or a file is in the way";
    case 411: return "; the server wants a length: send a file instead of standard input";
    case 412: return "; the file on the server is not the expected one, or exists already";
    case 413: return "; the file is larger than the server accepts";
    case 429:
    case 503: return "; try again later";
    case 501: return "; the server does not know this method";
    case 507: return "; the server has no space left";
    default: return status >= 500 ? "; the server's log may say why" : "";
  }
}

std::string_view unrequested_coding(const http1::ResponseHead& head, const Settings& settings) {
  const std::string_view coding = http1::trim(head.value_of(http1::FieldName::content_encoding));
  const bool is_plain = coding.empty() || http1::equal_ignoring_case(coding, "identity");
  return is_plain || user_sends(settings, "Accept-Encoding") ? std::string_view() : coding;
}

}  // namespace client
