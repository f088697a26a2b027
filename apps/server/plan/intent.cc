// From a request head to an Intent. Read decide() first. Covered by
// tests/server/plan/intent_test.cc.
#include "apps/server/plan/intent.h"

#include <algorithm>

#include "apps/server/pages/page_files.h"
#include "apps/server/plan/put_terms.h"
#include "apps/server/plan/temporary_name.h"
#include "apps/server/plan/upload_fields.h"
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

// Says whether the body is only a part of a resumable upload. draft-ietf-httpbis-resumable-upload:
// an Upload-Complete that is not true announces further requests. Published at once, the part would
// replace the file.
bool is_incomplete(const RequestHead& head) {
  constexpr auto name = http1::FieldName::upload_complete;
  return head.has(name) && (head.has_repeated(name) || head.value_of(name) != "?1");
}

constexpr std::string_view long_name = "a name in the path is longer than 255 bytes";

// Returns `intent`, or a refusal where the head alone shows that the upload cannot succeed.
Intent check_upload(const RequestHead& head, const Site& site, Intent intent) {
  if (intent.names_directory || intent.path == ".") {
    return refusal(409, "a directory cannot be written; give the name of a file");
  }
  if (has_long_name(intent.path)) {
    return refusal(400, long_name);
  }
  if (!site.resumable && is_incomplete(head)) {
    return refusal(501, "uploads cannot be resumed here; send the whole file in one request");
  }
  const PutTerms terms = read_terms(head);
  if (!terms.error.empty()) return refusal(400, terms.error);
  if (site.resumable && read_upload_fields(head).complete) {
    if (terms.body_size) {
      return refusal(400, "Upload-Complete and Content-Range exclude each other");
    }
    intent.action = Action::create;  // the length of the upload is not that of this body
    return intent;
  }
  const std::uint64_t end = terms.part ? terms.part->last + 1 : head.body().length;
  if (site.max_body > 0 && end > site.max_body) {
    return refusal(413, "the file would be larger than --max-body allows");
  }
  return intent;
}

}  // namespace

bool has_long_name(std::string_view path) {
  std::size_t begin = 0;
  for (std::size_t end = path.find('/'); end != std::string_view::npos;
       end = path.find('/', begin)) {
    if (end - begin > longest_name) return true;
    begin = end + 1;
  }
  return path.size() - begin > longest_name;
}

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

Allowed allowed_for(const RequestHead& head, const Intent& intent, const Site& site) {
  if (!site.writable) return Allowed::reading;
  if (intent.names_upload) return Allowed::uploads;
  const bool is_about_all = head.target_form() == http1::TargetForm::asterisk;
  return is_about_all && site.resumable ? Allowed::all : Allowed::files;
}

namespace {

// Says whether the path is the URL of a resumable upload in a directory that is served.
bool names_upload(const Intent& intent, const Site& site) {
  if (!site.resumable || !intent.is_hidden || intent.names_directory) return false;
  const std::size_t slash = intent.path.rfind('/');
  const bool is_deep = slash != std::string_view::npos;
  if (is_deep && is_hidden(intent.path.substr(0, slash), site.dot_files)) return false;
  UploadId id;
  return is_upload_name(intent.path.substr(is_deep ? slash + 1 : 0), UploadName::url, id);
}

// Completes the Intent of a request for a resumable upload.
Intent decide_upload(const MethodRule& rule, Intent intent) {
  if (!rule.is_of_uploads) {
    Intent refused = refusal(405, "this is an upload, which goes on by PATCH");
    refused.names_upload = true;
    return refused;
  }
  intent.names_upload = true;
  if (rule.action != Action::options) intent.action = Action::resume;
  return intent;
}

// Completes the Intent of a MKCOL. RFC 4918 section 9.3: a body would describe members of the new
// directory in a format that this server does not know.
Intent decide_directory(const RequestHead& head, Intent intent) {
  const http1::Body body = head.body();
  if (body.kind == http1::BodyKind::chunked || body.length > 0) {
    return refusal(415, "MKCOL takes no body");
  }
  return has_long_name(intent.path) ? refusal(400, long_name) : intent;
}

// Completes the Intent to read a directory that is not hidden: as an archive, if the query asks for
// one.
Intent decide_archive(const RequestHead& head, const Site& site, Intent intent) {
  if (!head.has_query()) return intent;
  intent.archive = archive_format(head.query());
  if (intent.archive == ArchiveFormat::none) return intent;
  if (!site.archives || !site.listing) return refusal(403, "this server makes no archives");
  intent.action = Action::archive;
  return intent;
}

}  // namespace

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
  if (names_upload(intent, site)) return decide_upload(*rule, intent);
  if (rule->action == Action::resume) return refuse_method(head.method());
  if (intent.is_hidden && rule->writes) {
    return refusal(403, "names that begin with a dot are not served");
  }
  if (rule->needs_body) return check_upload(head, site, intent);
  if (rule->action == Action::make_directory) return decide_directory(head, intent);
  // Every client may read it, whatever the rules say about files.
  if (intent.is_hidden && intent.path == page_files().script_name) intent.action = Action::script;
  const bool reads_directory =
      rule->action == Action::read && intent.names_directory && !intent.is_hidden;
  return reads_directory ? decide_archive(head, site, intent) : intent;
}

}  // namespace server
