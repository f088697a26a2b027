// Covered by tests/client/command/listing_test.cc.
#include "apps/client/command/listing.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "apps/client/command/json_reader.h"
#include "apps/client/command/printable.h"
#include "apps/options/whole_number.h"
#include "parser/date.h"
#include "parser/fields.h"
#include "parser/utf8.h"

namespace client {

namespace {

constexpr std::size_t longest_name = 255;

enum class Written : std::uint8_t { plain, percent_encoded };

// Adds the entry of that reference, which is its name, and which a slash may end. `written`: the
// reference as it stands in the listing. An encoded slash is a part of the name, which no file may
// have.
void add(RemoteListing& listing, std::string_view written, std::string_view reference, Written how,
         RemoteEntry entry) {
  if (reference.ends_with('/')) {
    reference.remove_suffix(1);
    entry.is_directory = true;
  }
  std::string name = how == Written::plain ? std::string(reference) : decode_percent(reference);
  if (!is_allowed_name(name)) {
    listing.refused.emplace_back(written);
    return;
  }
  entry.name = std::move(name);
  listing.entries.push_back(std::move(entry));
}

void sort(RemoteListing& listing) {
  std::vector<RemoteEntry>& entries = listing.entries;
  const auto is_before = [](const RemoteEntry& left, const RemoteEntry& right) {
    return left.name < right.name;
  };
  const auto is_same = [](const RemoteEntry& left, const RemoteEntry& right) {
    return left.name == right.name;
  };
  std::stable_sort(entries.begin(), entries.end(), is_before);
  entries.erase(std::unique(entries.begin(), entries.end(), is_same), entries.end());
}

std::optional<std::int64_t> read_time(std::string_view text, std::int64_t now) {
  const std::optional<std::int64_t> time = parse_rfc3339(text);
  return time ? time : http1::parse_date(text, now);
}

// The members of one object of a JSON listing.
struct Members {
  std::optional<std::string> name = {};
  std::optional<std::string> reference = {};  // "href" of quoitd, "url" of Caddy
  RemoteEntry entry = {};
};

void take_member(JsonReader& json, std::string_view name, std::int64_t now, Members& members) {
  using Kind = JsonReader::Kind;
  const Kind kind = json.kind();
  if (kind == Kind::truth && name == "is_dir") members.entry.is_directory = true;
  if (kind == Kind::number && name == "size") {
    if (const auto number = json.take_number()) {
      members.entry.size = options::whole_number<std::uint64_t>(*number);
    }
    return;
  }
  if (kind != Kind::string) return json.skip();
  const std::optional<std::string> text = json.take_string();
  if (!text) return;
  if (name == "name") members.name = text;
  if (name == "href" || name == "url") members.reference = text;
  if (name == "type" && *text == "directory") members.entry.is_directory = true;
  if (name == "mtime" || name == "mod_time") members.entry.modified = read_time(*text, now);
}

void add_object(JsonReader& json, std::int64_t now, RemoteListing& listing) {
  Members members;
  bool is_first = true;
  if (!json.take_open('{')) return;
  while (json.take_next('}', is_first)) {
    const std::optional<std::string> name = json.take_name();
    if (name) take_member(json, *name, now, members);
  }
  if (json.failed() || (!members.name && !members.reference)) return;
  if (members.entry.is_directory) members.entry.size.reset();
  if (!members.reference) {
    return add(listing, *members.name, *members.name, Written::plain, members.entry);
  }
  std::string_view reference = *members.reference;
  if (reference.starts_with("./")) reference.remove_prefix(2);
  // A reference with a query, a scheme or a path leads elsewhere.
  const bool is_plain = reference.find_first_of("?#:") == std::string_view::npos;
  add(listing, *members.reference, is_plain ? reference : std::string_view(),
      Written::percent_encoded, members.entry);
}

// --- HTML ---

// Replaces the character references that an attribute of a link may have.
std::string without_references(std::string_view text) {
  struct Reference {
    std::string_view name;
    char meaning;
  };
  constexpr std::array references = {
      Reference{"&amp;", '&'},  Reference{"&quot;", '"'},  Reference{"&#34;", '"'},
      Reference{"&#39;", '\''}, Reference{"&apos;", '\''}, Reference{"&#x27;", '\''},
      Reference{"&#x22;", '"'}, Reference{"&lt;", '<'},    Reference{"&gt;", '>'},
      Reference{"&#38;", '&'},  Reference{"&#43;", '+'},   Reference{"&#x2F;", '/'}};
  std::string plain;
  while (!text.empty()) {
    const auto* const found = std::find_if(
        references.begin(), references.end(),
        [text](const Reference& reference) { return text.starts_with(reference.name); });
    const bool is_reference = found != references.end();
    plain += is_reference ? found->meaning : text.front();
    text.remove_prefix(is_reference ? found->name.size() : 1);
  }
  return plain;
}

constexpr std::string_view html_space = " \t\r\n\f";

// Takes the value behind "href=" of a tag, whose text is `tag`; nothing where there is none.
std::optional<std::string> href_of(std::string_view tag) {
  while (true) {
    tag.remove_prefix(std::min(tag.find_first_not_of(html_space), tag.size()));
    if (tag.empty()) return {};
    const std::size_t name_end = std::min(tag.find_first_of(" \t\r\n\f="), tag.size());
    const std::string_view name = tag.substr(0, name_end);
    tag.remove_prefix(name_end);
    tag.remove_prefix(std::min(tag.find_first_not_of(html_space), tag.size()));
    if (!tag.starts_with('=')) continue;
    tag.remove_prefix(1);
    tag.remove_prefix(std::min(tag.find_first_not_of(html_space), tag.size()));
    std::string_view value;
    if (tag.starts_with('"') || tag.starts_with('\'')) {
      const std::size_t end = std::min(tag.find(tag.front(), 1), tag.size());
      value = tag.substr(1, end - 1);
      tag.remove_prefix(std::min(end + 1, tag.size()));
    } else {
      const std::size_t end = std::min(tag.find_first_of(html_space), tag.size());
      value = tag.substr(0, end);
      tag.remove_prefix(end);
    }
    if (http1::equal_ignoring_case(name, "href")) return without_references(value);
  }
}

// The end of the tag at the front of `text`: its ">", which does not stand in quotes.
std::size_t tag_end(std::string_view text) {
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (quote != '\0') {
      if (byte == quote) quote = '\0';
    } else if (byte == '"' || byte == '\'') {
      quote = byte;
    } else if (byte == '>') {
      return at;
    }
  }
  return text.size();
}

// Adds the resource that a link leads to, if it is directly below the page's own URL.
void add_link(const std::string& href, const Url& base, RemoteListing& listing) {
  Url where;
  if (href.empty() || href.front() == '?' || href.front() == '#') return;
  if (resolve(base, href, where)) return;
  if (where.origin() != base.origin() || where.has_query) return;
  if (!where.path.starts_with(base.path) || where.path.size() == base.path.size()) return;
  const std::string rest = where.path.substr(base.path.size());
  if (rest.find('/') < rest.size() - 1) return;
  add(listing, href, rest, Written::percent_encoded, {});
}

// Takes a number of exactly `size` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t size) {
  if (text.size() < size) return {};
  const std::string_view digits = text.substr(0, size);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return {};
  text.remove_prefix(size);
  return options::whole_number<int>(digits);
}

bool take_byte(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The offset from UTC at the end of a time, in seconds.
std::optional<std::int64_t> read_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool is_behind = text.starts_with('-');
  if (!take_byte(text, "+-")) return {};
  const std::optional<int> hours = take_digits(text, 2);
  if (!hours || !take_byte(text, ":")) return {};
  const std::optional<int> minutes = take_digits(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return {};
  const std::int64_t offset = std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
  return is_behind ? -offset : offset;
}

}  // namespace

bool is_allowed_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name || name == "." || name == "..") return false;
  if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    return false;
  }
  return !has_control(name) && http1::is_utf8(name);
}

std::optional<RemoteListing> read_json_listing(std::string_view text, std::int64_t now) {
  JsonReader json(text);
  RemoteListing listing;
  bool is_first = true;
  if (!json.take_open('[')) return {};
  while (json.take_next(']', is_first)) add_object(json, now, listing);
  if (!json.at_end()) return {};
  sort(listing);
  return listing;
}

RemoteListing read_html_listing(std::string_view page, const Url& base) {
  RemoteListing listing;
  while (true) {
    page.remove_prefix(std::min(page.find('<'), page.size()));
    if (page.empty()) break;
    page.remove_prefix(1);
    const bool is_link = page.size() > 1 && (page[0] == 'a' || page[0] == 'A') &&
                         html_space.find(page[1]) != std::string_view::npos;
    if (!is_link) continue;
    const std::size_t end = tag_end(page);
    const std::optional<std::string> href = href_of(page.substr(1, end - 1));
    if (href) add_link(*href, base, listing);
    page.remove_prefix(end);
  }
  sort(listing);
  return listing;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const std::optional<int> year = take_digits(text, 4);
  if (!year || !take_byte(text, "-")) return {};
  const std::optional<int> month = take_digits(text, 2);
  if (!month || !take_byte(text, "-")) return {};
  const std::optional<int> day = take_digits(text, 2);
  if (!day || !take_byte(text, "Tt ")) return {};
  const std::optional<int> hour = take_digits(text, 2);
  if (!hour || !take_byte(text, ":")) return {};
  const std::optional<int> minute = take_digits(text, 2);
  if (!minute || !take_byte(text, ":")) return {};
  const std::optional<int> second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return {};
  if (take_byte(text, ".")) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return {};
    text.remove_prefix(digits);
  }
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  const std::optional<std::int64_t> offset = read_offset(text);
  if (!offset || !date.ok()) return {};
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return days * 86400 + *hour * 3600 + *minute * 60 + *second - *offset;
}

}  // namespace client
