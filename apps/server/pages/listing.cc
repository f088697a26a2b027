// Escaping of names, rows of both formats, and the merge of runs. Covered by
// tests/server/pages/listing_test.cc and fuzz/listing_fuzzer.cc.
#include "apps/server/pages/listing.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <chrono>
#include <new>

#include "parser/fields.h"
#include "parser/fnv1a.h"
#include "parser/target.h"
#include "parser/utf8.h"

namespace server {

namespace {

// Text in a buffer of fixed size. Text that does not fit is dropped, with all text after it.
class Out {
 public:
  explicit Out(std::span<char> space) : space_(space) {}

  void add(std::string_view text) {
    if (text.size() > space_.size() - size_) is_full_ = true;
    if (is_full_) return;
    std::copy(text.begin(), text.end(), space_.data() + size_);
    size_ += text.size();
  }
  void add(std::uint64_t number) {
    std::array<char, 20> digits{};
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    add({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  // At least `digits` digits, with leading zeros.
  void add(std::uint64_t number, int digits) {
    for (std::uint64_t least = 10; --digits > 0; least *= 10) {
      if (number < least) add("0");
    }
    add(number);
  }
  // The number of bytes added; 0 if some of the text did not fit.
  std::size_t size() const { return is_full_ ? 0 : size_; }

 private:
  std::span<char> space_;
  std::size_t size_ = 0;
  bool is_full_ = false;
};

// The escape sequence of a byte in that format; empty where it needs none.
std::string_view escape(char byte, ListingFormat format) {
  if (format == ListingFormat::json) return byte == '"' ? "\\\"" : byte == '\\' ? "\\\\" : "";
  switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return {};
  }
}

// Adds a name as text for display. Each byte that is no UTF-8 becomes U+FFFD.
void add_text(std::string_view name, ListingFormat format, Out& out) {
  while (!name.empty()) {
    const std::size_t size = http1::utf8_length(name);
    const std::string_view escaped = escape(name.front(), format);
    if (size == 0)
      out.add("\xef\xbf\xbd");
    else if (!escaped.empty())
      out.add(escaped);
    else
      out.add(name.substr(0, size));
    name.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

// Adds a name as a relative reference: its bytes unchanged, percent-encoded.
void add_link(const Entry& entry, Out& out) {
  std::array<char, 3 * 256> buffer;
  out.add(http1::encode_path(entry.name, buffer));
  if (entry.is_directory) out.add("/");
}

// Adds "1994-11-06 08:49:37", with `between` in place of the space.
void add_time(std::int64_t seconds, std::string_view between, Out& out) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  out.add(static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))), 4);
  out.add("-");
  out.add(static_cast<unsigned>(date.month()), 2);
  out.add("-");
  out.add(static_cast<unsigned>(date.day()), 2);
  out.add(between);
  out.add(static_cast<std::uint64_t>(clock.hours().count()), 2);
  out.add(":");
  out.add(static_cast<std::uint64_t>(clock.minutes().count()), 2);
  out.add(":");
  out.add(static_cast<std::uint64_t>(clock.seconds().count()), 2);
}

// Adds "999", "1.0 KiB", "1023.9 MiB": rounded down.
void add_size(std::uint64_t bytes, Out& out) {
  constexpr std::array<std::string_view, 7> units = {"",     " KiB", " MiB", " GiB",
                                                     " TiB", " PiB", " EiB"};
  std::size_t unit = 0;
  std::uint64_t rest = 0;
  for (; bytes >= 1024; ++unit) {
    rest = bytes % 1024;
    bytes /= 1024;
  }
  out.add(bytes);
  if (unit > 0) {
    out.add(".");
    out.add(rest * 10 / 1024);
  }
  out.add(units[unit]);
}

void add_html_row(const Entry& entry, Out& out) {
  out.add("<tr><td><a href=\"");
  add_link(entry, out);
  out.add("\">");
  add_text(entry.name, ListingFormat::html, out);
  if (entry.is_directory) {
    out.add("/</a><td>");
  } else {
    out.add("</a><td title=\"");
    out.add(entry.size);
    out.add(" bytes\">");
    add_size(entry.size, out);
  }
  out.add("<td>");
  add_time(entry.mtime_seconds, " ", out);
  out.add("\n");
}

void add_json_row(const Entry& entry, bool is_first, Out& out) {
  out.add(is_first ? "\n{\"name\":\"" : ",\n{\"name\":\"");
  add_text(entry.name, ListingFormat::json, out);
  out.add("\",\"href\":\"");
  add_link(entry, out);
  out.add(entry.is_directory ? "\",\"type\":\"directory\",\"mtime\":\""
                             : "\",\"type\":\"file\",\"mtime\":\"");
  add_time(entry.mtime_seconds, "T", out);
  out.add("Z\"");
  if (!entry.is_directory) {
    out.add(",\"size\":");
    out.add(entry.size);
  }
  out.add("}");
}

constexpr std::string_view html_begin =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    ":root { color-scheme: light dark }\n"
    "body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;"
    " padding: 0 1rem }\n"
    "h1 { font-size: 1.4rem; overflow-wrap: anywhere }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { padding: .1rem .5rem; text-align: left; vertical-align: top }\n"
    "th + th, td + td { text-align: right; white-space: nowrap;"
    " font-variant-numeric: tabular-nums }\n"
    "tr:hover td { background: #8882 }\n"
    "a { overflow-wrap: anywhere; text-decoration: none; unicode-bidi: isolate }\n"
    "a:hover { text-decoration: underline }\n"
    "</style>\n"
    "<title>";
constexpr std::string_view html_table =
    "</h1>\n"
    "<table>\n"
    "<thead><tr><th>Name<th>Size<th>Modified (UTC)</thead>\n"
    "<tbody>\n";

// Distinguishes listings; not resistant to constructed collisions.
std::uint64_t hash_of(const Entry& entry) {
  http1::Fnv1a hash;
  hash.add(entry.name).add_word(entry.size);
  hash.add_word(static_cast<std::uint64_t>(entry.mtime_seconds));
  return hash.add_word(entry.is_directory ? 1 : 2).value();
}

// The order of a listing: directories first, then by the bytes of the name.
bool precedes(const Entry& left, const Entry& right) {
  if (left.is_directory != right.is_directory) return left.is_directory;
  return left.name < right.name;
}

}  // namespace

ListingFormat listing_format(const http1::RequestHead& head) {
  if (head.query() == "json") return ListingFormat::json;
  if (!head.has(http1::FieldName::accept)) return ListingFormat::html;
  const std::string_view accept = head.value_of(http1::FieldName::accept);
  const bool json =
      http1::media_weight(accept, "application/json") > http1::media_weight(accept, "text/html");
  return json ? ListingFormat::json : ListingFormat::html;
}

bool is_listable(std::string_view name) {
  return !name.empty() && name.size() <= 255 &&
         std::none_of(name.begin(), name.end(), [](char byte) {
           const auto value = static_cast<unsigned char>(byte);
           return value < 0x20 || value == 0x7f || byte == '/';
         });
}

Entry Listing::Run::entry(const Stored& stored) const {
  return {.name = {names.data() + stored.name_begin, stored.name_bytes},
          .size = stored.size,
          .mtime_seconds = stored.mtime_seconds,
          .is_directory = stored.is_directory};
}

Listing::Listing(ListingFormat format, std::string_view name, std::size_t& runs_in_use)
    : format_(format),
      name_(name.substr(0, 255)),
      runs_in_use_(runs_in_use),
      hash_(format == ListingFormat::html ? 0x6c6d7468 : 0x6e6f736a) {}

Listing::~Listing() { runs_in_use_ -= runs_.size() > 1 ? runs_.size() - 1 : 0; }

// The run that has space for the entry, a new one if necessary. Null: a limit is reached, which
// `added` names.
Listing::Run* Listing::run_for(const Entry& entry, Added& added) {
  if (!runs_.empty()) {
    Run& last = *runs_.back();
    const bool fits = last.name_bytes + entry.name.size() <= run_name_bytes;
    if (last.count < run_entries && fits) return &last;
    if (runs_.size() == most_runs) added = Added::too_many;
    if (runs_in_use_ >= most_runs_at_once) added = Added::busy;
    if (added != Added::fine) return nullptr;
    sort(last);
  }
  try {
    heap_.resize(runs_.size() + 1);  // for finish()
    runs_.push_back(std::make_unique_for_overwrite<Run>());
  } catch (const std::bad_alloc&) {
    added = Added::busy;
    return nullptr;
  }
  if (runs_.size() > 1) ++runs_in_use_;
  return runs_.back().get();
}

Listing::Added Listing::add(const Entry& entry) {
  assert(is_listable(entry.name));
  Added added = Added::fine;
  Run* run = run_for(entry, added);
  if (!run) return added;
  Stored& stored = run->entries[run->count++];
  stored = {.size = entry.size,
            .mtime_seconds = entry.mtime_seconds,
            .name_begin = static_cast<std::uint32_t>(run->name_bytes),
            .name_bytes = static_cast<std::uint8_t>(entry.name.size()),
            .is_directory = entry.is_directory};
  std::copy(entry.name.begin(), entry.name.end(), run->names.data() + run->name_bytes);
  run->name_bytes += entry.name.size();
  hash_ += hash_of(entry);
  std::array<char, least_space> space;
  length_ += write_row(entry, is_first_, space);
  is_first_ = false;
  return added;
}

void Listing::sort(Run& run) {
  std::sort(run.entries.begin(), run.entries.begin() + static_cast<std::ptrdiff_t>(run.count),
            [&run](const Stored& left, const Stored& right) {
              return precedes(run.entry(left), run.entry(right));
            });
}

// The order of the heap, whose front is then the run with the next entry: the standard heap puts
// the greatest element there.
bool Listing::comes_later(std::size_t left, std::size_t right) const {
  const Run& one = *runs_[left];
  const Run& other = *runs_[right];
  return precedes(other.entry(other.entries[other.next]), one.entry(one.entries[one.next]));
}

void Listing::finish() {
  if (!runs_.empty()) sort(*runs_.back());
  heap_.resize(runs_.size());
  for (std::size_t i = 0; i < heap_.size(); ++i) heap_[i] = i;
  std::make_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t left, std::size_t right) { return comes_later(left, right); });
  std::array<char, least_space> space;
  length_ += write_top(space) + write_bottom(space);
  is_first_ = true;
  tag_.front() = tag_.back() = '"';
  for (std::size_t i = 0; i < 16; ++i) {
    tag_[i + 1] = "0123456789abcdef"[(hash_ >> (60 - 4 * i)) & 15];
  }
}

std::string_view Listing::content_type() const {
  return format_ == ListingFormat::json ? "application/json" : "text/html; charset=utf-8";
}

std::size_t Listing::write_top(std::span<char> space) const {
  Out out(space);
  if (format_ == ListingFormat::json) {
    out.add("[");
    return out.size();
  }
  const std::string_view slash = name_ == "/" ? "" : "/";
  out.add(html_begin);
  add_text(name_, format_, out);
  out.add(slash);
  out.add("</title>\n<h1>");
  add_text(name_, format_, out);
  out.add(slash);
  out.add(html_table);
  if (name_ != "/") out.add("<tr><td><a href=\"../\">../</a><td><td>\n");
  return out.size();
}

std::size_t Listing::write_row(const Entry& entry, bool is_first, std::span<char> space) const {
  Out out(space);
  if (format_ == ListingFormat::json)
    add_json_row(entry, is_first, out);
  else
    add_html_row(entry, out);
  return out.size();
}

std::size_t Listing::write_bottom(std::span<char> space) const {
  Out out(space);
  out.add(format_ == ListingFormat::json ? "\n]\n" : "</tbody>\n</table>\n");
  return out.size();
}

// Writes the next piece (the top, a row, or the bottom) as a whole. Returns its size; 0 where
// `space` is too small for it, or nothing is left.
std::size_t Listing::write_next(std::span<char> space) {
  if (stage_ == Stage::end) return 0;
  if (stage_ != Stage::rows || heap_.empty()) {
    const std::size_t size = stage_ == Stage::top ? write_top(space) : write_bottom(space);
    if (size > 0) stage_ = stage_ == Stage::top ? Stage::rows : Stage::end;
    return size;
  }
  const auto later = [this](std::size_t left, std::size_t right) {
    return comes_later(left, right);
  };
  Run& run = *runs_[heap_.front()];
  const std::size_t size = write_row(run.entry(run.entries[run.next]), is_first_, space);
  if (size == 0) return 0;
  is_first_ = false;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  if (++run.next == run.count)
    heap_.pop_back();
  else
    std::push_heap(heap_.begin(), heap_.end(), later);
  return size;
}

std::size_t Listing::write(std::span<char> space) {
  assert(space.size() >= least_space);
  std::size_t written = 0;
  for (std::size_t size = 1; size > 0; written += size) size = write_next(space.subspan(written));
  return written;
}

}  // namespace server
