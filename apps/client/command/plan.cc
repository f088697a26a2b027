// Turning arguments into jobs, without I/O. Covered by tests/client/command/plan_test.cc.
#include "apps/client/command/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "apps/client/command/option_table.h"
#include "apps/options/messages.h"
#include "parser/fields.h"
#include "parser/names.h"
#include "parser/write.h"

namespace client {

namespace {

// The size of sockaddr_un::sun_path, without the NUL.
constexpr std::size_t longest_socket_path = 107;

ExitReason usage(std::string text) {
  return options::usage_error(program, options::no_verb, std::move(text));
}

// Says whether the field frames the body: quoit sets those itself.
bool frames(std::string_view name) {
  const http1::FieldName id = http1::field_name_of(name);
  return id == http1::FieldName::content_length || id == http1::FieldName::transfer_encoding;
}

ExitReason read_header(const std::string& line, HeaderLine& header) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) return usage("-H takes 'Name: value', not '" + line + "'");
  header.name = line.substr(0, colon);
  header.value = http1::trim(std::string_view(line).substr(colon + 1));
  if (frames(header.name))
    return usage("-H cannot set " + header.name + ": quoit sets it for the body it sends");
  std::vector<char> space(line.size() + 8);
  http1::HeadWriter writer(space);
  writer.field(header.name, header.value);
  if (!writer.ok())
    return usage("-H '" + header.name + ": …' has a byte that is not allowed in a header");
  return {};
}

// The tag in quotes, as If-Match has it. A weak one never matches: RFC 9110 13.1.1.
ExitReason read_tag(std::string& tag) {
  if (tag != "*" && !tag.starts_with('"') && !tag.starts_with("W/")) tag = '"' + tag + '"';
  const std::optional<http1::EntityTag> read = http1::parse_entity_tag(tag);
  if (tag == "*" || (read && !read->is_weak)) return {};
  return usage("--if-match takes a strong ETag, as \"18ecd4a1f418f05f-30d40\", or *");
}

// --if-absent and --if-match become fields of the requests.
ExitReason read_conditions(Settings& settings) {
  if (settings.if_absent && !settings.if_match.empty()) {
    return usage("--if-absent and --if-match exclude each other");
  }
  if (settings.if_absent) settings.headers.push_back({"If-None-Match", "*"});
  if (settings.if_match.empty()) return {};
  if (const ExitReason reason = read_tag(settings.if_match)) return reason;
  settings.headers.push_back({"If-Match", settings.if_match});
  return {};
}

// --verify sha-256, or sha-256=HEX.
ExitReason read_verify(std::string_view text, Settings& settings) {
  constexpr std::string_view algorithm = "sha-256";
  if (text.empty()) return {};
  settings.verifies = true;
  if (text == algorithm) return {};
  const bool has_digest = text.starts_with(algorithm) && text[algorithm.size()] == '=';
  if (has_digest) settings.expected_digest = parse_sha256(text.substr(algorithm.size() + 1));
  if (settings.expected_digest) return {};
  return usage("--verify takes sha-256, or sha-256= and 64 hexadecimal digits, not '" +
               std::string(text) + "'");
}

// The digest of one file is not that of others, nor that of a part of it.
ExitReason check_verify(const Settings& settings, const std::vector<Job>& jobs) {
  if (!settings.verifies) return {};
  for (const HeaderLine& line : settings.headers) {
    if (http1::field_name_of(line.name) != http1::FieldName::range) continue;
    return usage("--verify needs the whole file: leave -H '" + line.name + ": …' out");
  }
  for (const Job& job : jobs) {
    if (job.verb != Verb::put || job.file != standard_stream) continue;
    return usage("--verify needs a file that can be read twice, not standard input");
  }
  if (settings.expected_digest && (jobs.size() > 1 || settings.is_recursive || jobs[0].is_tree)) {
    return usage(
        "--verify sha-256=HEX is for one file; with --verify sha-256 the server is asked "
        "for the digest of each");
  }
  return {};
}

ExitReason read_settings(const Arguments& arguments, Settings& settings) {
  settings = arguments.settings;
  for (const std::string& line : arguments.headers) {
    HeaderLine header;
    const ExitReason reason = read_header(line, header);
    if (reason) return reason;
    settings.headers.push_back(header);
  }
  if (const ExitReason reason = read_conditions(settings)) return reason;
  if (const ExitReason reason = read_verify(arguments.verify, settings)) return reason;
  if (settings.unix_socket.size() > longest_socket_path) {
    return usage("--unix-socket takes a path of at most 107 bytes");
  }
  return {};
}

// Without -o, and with -o DIR/, a file is named after its URL.
ExitReason name_output(const Arguments& arguments, Job& job) {
  job.file = arguments.file;
  if (!job.file.empty() && job.file.back() != '/') {
    if (!arguments.settings.takes_header_name) return {};
    return usage("--remote-header-name names the file itself; leave -o out, or give -o DIR/");
  }
  const std::optional<std::string> name = file_name_of(job.where);
  if (!name) return usage("no file can be named after " + job.where.text() + "; give -o FILE");
  job.file += *name;
  job.takes_header_name = arguments.settings.takes_header_name;
  return {};
}

// With -r, DIR/ gets a directory that is named after the URL's last segment, and a name without a
// slash is that of the directory. The root of a server has no name.
ExitReason name_tree(const Arguments& arguments, Job& job) {
  job.is_tree = true;
  job.file = arguments.file;
  if (job.file == standard_stream || arguments.settings.takes_header_name) {
    return usage("a directory needs a directory: --recursive goes with neither -o - nor " +
                 std::string("--remote-header-name"));
  }
  if (!job.file.empty() && job.file.back() != '/') {
    job.file += '/';
    return {};
  }
  Url named = job.where;
  while (named.path.size() > 1 && named.path.ends_with('/')) named.path.pop_back();
  if (named.path == "/") return {};
  const std::optional<std::string> name = file_name_of(named);
  if (!name) return usage("no directory can be named after " + job.where.text() + "; give -o DIR");
  job.file += *name + '/';
  return {};
}

// Two downloads into one file would leave the second alone.
ExitReason check_outputs(const std::vector<Job>& jobs) {
  std::map<std::string_view, const Url*> taken;
  for (const Job& job : jobs) {
    if (job.verb != Verb::get || job.file == standard_stream) continue;
    const auto [first, is_new] = taken.emplace(job.file, &job.where);
    if (is_new) continue;
    return usage(first->second->text() + " and " + job.where.text() + " would both be saved as " +
                 job.file + "; get them one by one, with -o FILE");
  }
  return {};
}

bool is_url(const std::string& text) { return text.find("://") != std::string::npos; }

// "put URL FILE": the operands in the wrong order.
bool are_swapped(const std::string& file, const std::string& url) {
  return is_url(file) && !is_url(url);
}

// `recursive`: a directory may have slashes at its end, and the content of "." and ".." goes into
// the URL itself.
ExitReason name_target(std::string file, bool recursive, Url& where) {
  if (where.path.back() != '/') return {};
  while (recursive && file.size() > 1 && file.ends_with('/')) file.pop_back();
  const std::string name = file.substr(file.rfind('/') + 1);
  if (recursive && (name.empty() || name == "." || name == "..")) return {};
  if (name.empty() || name == "." || name == ".." || file == standard_stream) {
    return usage("give the whole URL: '" + file + "' has no name to add to " + where.text());
  }
  complete_with_name(where, name);
  return {};
}

// quoit HOST PORT GET|PUT /FILE
ExitReason plan_original(const Arguments& arguments, Job& job) {
  const ExitReason reason =
      parse_host_port(arguments.host, arguments.port, arguments.path, job.where);
  if (reason) return reason;
  if (http1::equal_ignoring_case(arguments.method, "GET")) {
    job.verb = Verb::get;
    return name_output(arguments, job);
  }
  if (!http1::equal_ignoring_case(arguments.method, "PUT")) {
    return usage("'" + arguments.method + "' is neither GET nor PUT");
  }
  job.verb = Verb::put;
  const std::optional<std::string> file = local_path_of(job.where);
  if (!file) return usage("'" + arguments.path + "' names no file to send");
  job.file = *file;
  return {};
}

ExitReason plan_job(const Arguments& arguments, const std::string& url, Job& job) {
  job.verb = arguments.verb;
  const ExitReason reason = parse_url(url, job.where);
  if (reason || job.verb != Verb::get) return reason;
  return arguments.settings.is_recursive ? name_tree(arguments, job) : name_output(arguments, job);
}

// An upload for each file. Two files of one name would replace each other.
ExitReason plan_uploads(const Arguments& arguments, std::vector<Job>& jobs) {
  const std::string& url = arguments.urls.front();
  std::set<std::string> targets;
  for (const std::string& file : arguments.inputs) {
    if (are_swapped(file, url)) {
      return usage("the file stands before the URL, as in quoit put notes.txt http://HOST:PORT/");
    }
    Job& job = jobs.emplace_back(Job{.verb = Verb::put, .file = file});
    ExitReason reason = parse_url(url, job.where);
    if (reason) return reason;
    const bool recursive = arguments.settings.is_recursive;
    if ((recursive || arguments.inputs.size() > 1) && job.where.path.back() != '/') {
      return usage(std::string(recursive ? "a directory needs" : "several files need") +
                   " a URL that ends in a slash, not " + job.where.text());
    }
    reason = name_target(file, recursive, job.where);
    if (reason) return reason;
    if (!targets.insert(job.where.text()).second) {
      return usage("two of the files would both be stored as " + job.where.text() +
                   "; send them one by one");
    }
  }
  return {};
}

// Says whether standard output gets the job's head or body.
bool prints(const Job& job) {
  return job.verb == Verb::head || (job.verb == Verb::get && job.file == standard_stream);
}

// Bodies are printed in the order of the URLs, and events are written elsewhere.
void share_output(Plan& plan) {
  Settings& settings = plan.settings;
  const bool is_taken = std::any_of(plan.jobs.begin(), plan.jobs.end(), prints);
  if (is_taken) settings.parallel = 1;
  if (settings.events == Events::none) return;
  settings.events = is_taken ? Events::standard_error : Events::standard_output;
}

// sync SOURCE TARGET: one of them is a URL.
ExitReason plan_sync_job(const Arguments& arguments, Job& job) {
  job.verb = Verb::sync;
  job.is_tree = true;
  const std::string& source = arguments.inputs[0];
  const std::string& target = arguments.inputs[1];
  job.is_upload = is_url(target);
  if (is_url(source) == is_url(target)) {
    return usage(
        "one of the two is a URL, which begins with http:// or https://, and the other is "
        "a directory here");
  }
  job.file = job.is_upload ? source : target;
  if (job.file == standard_stream) return usage("a directory is synchronised, and no stream");
  if (!job.file.ends_with('/')) job.file += '/';
  const ExitReason reason = parse_url(job.is_upload ? target : source, job.where);
  if (!job.where.path.ends_with('/')) job.where.path += '/';
  return reason;
}

ExitReason plan_jobs(const Arguments& arguments, std::vector<Job>& jobs) {
  if (!arguments.method.empty()) return plan_original(arguments, jobs.emplace_back());
  if (arguments.verb == Verb::put) return plan_uploads(arguments, jobs);
  if (arguments.verb == Verb::sync) return plan_sync_job(arguments, jobs.emplace_back());
  if (arguments.urls.empty()) return usage("there is no URL in " + arguments.url_list);
  const bool one_file =
      !arguments.file.empty() && arguments.file != standard_stream && arguments.file.back() != '/';
  if (arguments.verb == Verb::get && one_file && arguments.urls.size() > 1) {
    return usage("-o FILE takes one URL; with -o DIR/ each file is named after its URL");
  }
  for (const std::string& url : arguments.urls) {
    const ExitReason failure = plan_job(arguments, url, jobs.emplace_back());
    if (failure) return failure;
  }
  return check_outputs(jobs);
}

}  // namespace

bool is_precondition(const HeaderLine& header) {
  const http1::FieldName name = http1::field_name_of(header.name);
  return name == http1::FieldName::if_match || name == http1::FieldName::if_none_match ||
         name == http1::FieldName::if_unmodified_since;
}

void add_urls(std::string_view list, Arguments& arguments) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('\n'), list.size());
    std::string_view line = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = http1::trim(line);
    if (!line.empty() && line.front() != '#') arguments.urls.emplace_back(line);
  }
}

ExitReason make_plan(const Arguments& arguments, Plan& plan) {
  ExitReason reason = read_settings(arguments, plan.settings);
  if (reason) return reason;
  reason = plan_jobs(arguments, plan.jobs);
  if (!reason) reason = check_verify(plan.settings, plan.jobs);
  share_output(plan);
  // -j N is for files, and for the ranges of a single one.
  if (!reason && plan.jobs.size() == 1 && !plan.jobs[0].is_tree) {
    plan.jobs[0].connections = plan.settings.parallel;
  }
  return reason;
}

}  // namespace client
