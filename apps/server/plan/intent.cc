// From a request head to an Intent. Read decide() first. Covered by
// tests/server/plan/intent_test.cc.
#include "apps/server/plan/intent.h"

#include <algorithm>

#include "apps/server/plan/put_terms.h"
#include "apps/server/plan/temporary_name.h"
#include "parser/error.h"
#include "parser/target.h"

namespace server {

using http1::RequestHead;

namespace {

Intent refusal(int status, std::string_view explanation = {}) {
  return {.action = Action::refuse, .status = status, .explanation = explanation};
}

// RFC 9110 section 15.6.2: 501 for a method that no table knows, 405 for one that is known and not
// allowed here.
Intent refuse_method(http1::Method method) {
  return refusal(method == http1::Method::unknown ? 501 : 405);
}

// The longest name that the file systems of Linux take, in bytes: NAME_MAX.
constexpr std::size_t longest_name = 255;

bool has_long_name(std::string_view path) {
  std::size_t begin = 0;
  for (std::size_t end = path.find('/'); end != std::string_view::npos;
       end = path.find('/', begin)) {
    if (end - begin > longest_name) return true;
    begin = end + 1;
  }
  return path.size() - begin > longest_name;
}

// Says whether the body is only a part of a resumable upload. draft-ietf-httpbis-resumable-upload:
// an Upload-Complete that is not true announces further requests. Published at once, the part would
// replace the file.
bool is_incomplete(const RequestHead& head) {
  constexpr auto name = http1::FieldName::upload_complete;
  return head.has(name) && (head.has_repeated(name) || head.value_of(name) != "?1");
}

// Returns `intent`, or a refusal where the head alone shows that the upload cannot succeed.
Intent check_upload(const RequestHead& head, const Site& site, const Intent& intent) {
  if (intent.names_directory || intent.path == ".") {
    return refusal(409, "a directory cannot be written; give the name of a file");
  }
  if (has_long_name(intent.path)) {
    return refusal(400, "a name in the path is longer than 255 bytes");
  }
  if (is_incomplete(head)) {
    return refusal(501, "resumable uploads are not supported; send the whole file in one request");
  }
  const PutTerms terms = read_terms(head);
  if (!terms.error.empty()) return refusal(400, terms.error);
  const std::uint64_t end = terms.part ? terms.part->last + 1 : head.body().length;
  if (site.max_body > 0 && end > site.max_body) {
    return refusal(413, "the file would be larger than --max-body allows");
  }
  return intent;
}

}  // namespace

bool is_hidden(std::string_view path, bool dot_files) {
  if (path == ".") return false;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.starts_with(dot_files ? temporary_prefix : ".")) return true;
    begin = end + 1;
  }
  return false;
}

Intent decide(const RequestHead& head, const Site& site, std::span<char> buffer) {
  const MethodRule* const rule = rule_of(head.method());
  if (!rule) return refuse_method(head.method());
  if (rule->writes && !site.writable) {
    return refusal(405, "this server is read-only; --writable allows PUT");
  }
  Intent intent{.action = rule->action};
  if (head.expectation() == http1::Expectation::unsupported) return refusal(417);
  if (head.target_form() == http1::TargetForm::asterisk) return intent;
  const http1::DecodedPath decoded =
      http1::decode_path(head.path(), buffer.first(buffer.size() - 1));
  if (!decoded.ok()) {
    const http1::Error error = decoded.failure.error;
    return refusal(http1::status_of(error), http1::describe(error));
  }
  intent.names_directory = decoded.has_trailing_slash;
  intent.path = decoded.path.size() > 1 ? decoded.path.substr(1) : ".";
  buffer[decoded.path.size()] = '\0';
  intent.is_hidden = is_hidden(intent.path, site.dot_files);
  if (intent.is_hidden && rule->writes) {
    return refusal(403, "names that begin with a dot are not served");
  }
  return rule->needs_body ? check_upload(head, site, intent) : intent;
}

}  // namespace server
