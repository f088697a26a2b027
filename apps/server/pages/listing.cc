// Escaping of names, rows of both formats, and the merge of runs. Covered by
// tests/server/pages/listing_test.cc and fuzz/listing_fuzzer.cc.
#include "apps/server/pages/listing.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "apps/server/pages/page_files.h"
#include "apps/server/pages/page_text.h"
#include "parser/fields.h"
#include "parser/fnv1a.h"
#include "parser/hex.h"
#include "parser/target.h"

namespace server {

namespace {

void add_json_row(const Entry& entry, bool is_first, Out& out) {
  std::array<char, 3 * 256> link;
  out.add(is_first ? "\n{\"name\":\"" : ",\n{\"name\":\"");
  add_json(entry.name, out);
  out.add("\",\"href\":\"");
  out.add(http1::encode_path(entry.name, link));
  out.add(entry.is_directory ? "/\",\"type\":\"directory\",\"mtime\":\""
                             : "\",\"type\":\"file\",\"mtime\":\"");
  add_time(entry.mtime_seconds, "T", out);
  out.add("Z\"");
  if (!entry.is_directory) {
    out.add(",\"size\":");
    out.add(entry.size);
  }
  out.add("}");
}

// Distinguishes listings; not resistant to constructed collisions.
std::uint64_t hash_of(const Entry& entry) {
  http1::Fnv1a hash;
  hash.add(entry.name).add_word(entry.size);
  hash.add_word(static_cast<std::uint64_t>(entry.mtime_seconds));
  return hash.add_word(entry.is_directory ? 1 : 2).value();
}

// Distinguishes listings of equal entries: by format, and pages by all that their frame depends on.
std::uint64_t hash_of(const ListingTerms& terms) {
  if (terms.format == ListingFormat::json) return 0x6e6f736a;
  http1::Fnv1a hash;
  hash.add_word(page_files().version).add(terms.path);
  hash.add_word(static_cast<std::uint64_t>(terms.order.by)).add_word(terms.order.descends ? 1 : 0);
  const PageRights& rights = terms.rights;
  for (const bool right : {rights.upload, rights.replace, rights.rename, rights.resumable,
                           rights.sign_in, rights.archives}) {
    hash.add_word(right ? 1 : 0);
  }
  return hash.value();
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

Listing::Listing(const ListingTerms& terms, std::size_t& runs_in_use)
    : format_(terms.format),
      path_(terms.path),
      order_(terms.format == ListingFormat::json ? ListingOrder{} : terms.order),
      rights_(terms.rights),
      runs_in_use_(runs_in_use),
      hash_(hash_of(terms)) {}

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
  sum_.add(entry);
  std::array<char, least_space> space;
  length_ += write_row(entry, is_first_, space);
  is_first_ = false;
  return added;
}

void Listing::sort(Run& run) const {
  std::sort(run.entries.begin(), run.entries.begin() + static_cast<std::ptrdiff_t>(run.count),
            [this, &run](const Stored& left, const Stored& right) {
              return precedes(run.entry(left), run.entry(right), order_);
            });
}

// The order of the heap, whose front is then the run with the next entry: the standard heap puts
// the greatest element there.
bool Listing::comes_later(std::size_t left, std::size_t right) const {
  const Run& one = *runs_[left];
  const Run& other = *runs_[right];
  return precedes(other.entry(other.entries[other.next]), one.entry(one.entries[one.next]), order_);
}

bool Listing::frame() {
  if (format_ == ListingFormat::json) {
    texts_ = {"[", {}, {}, "\n]\n"};
    return true;
  }
  try {
    frame_ = write_frame(path_, sum_, order_, rights_);
    if (path_ != ".") frame_.middle += "<tr><td><a href=\"../\">../</a><td><td>\n";
  } catch (const std::bad_alloc&) {
    return false;
  }
  texts_ = {frame_.begin, page_files().style, frame_.middle, frame_.end};
  return true;
}

bool Listing::finish() {
  if (!runs_.empty()) sort(*runs_.back());
  heap_.resize(runs_.size());
  for (std::size_t i = 0; i < heap_.size(); ++i) heap_[i] = i;
  std::make_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t left, std::size_t right) { return comes_later(left, right); });
  if (!frame()) return false;
  for (const std::string_view text : texts_) length_ += text.size();
  is_first_ = true;
  tag_.front() = tag_.back() = '"';
  http1::write_hex_word(tag_.data() + 1, hash_);
  return true;
}

std::string_view Listing::content_type() const {
  return format_ == ListingFormat::json ? "application/json" : "text/html; charset=utf-8";
}

std::size_t Listing::write_row(const Entry& entry, bool is_first, std::span<char> space) const {
  if (format_ == ListingFormat::html) return write_html_row(entry, space);
  Out out(space);
  add_json_row(entry, is_first, out);
  return out.size();
}

// Writes the next row as a whole. Returns its size; 0 where `space` is too small for it.
std::size_t Listing::write_next_row(std::span<char> space) {
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

// Writes the rest of the current text, or as much of it as fits.
std::size_t Listing::write_text(std::span<char> space) {
  std::string_view& text = texts_[next_text_];
  const std::size_t size = text.copy(space.data(), space.size());
  text.remove_prefix(size);
  if (text.empty()) ++next_text_;
  return size;
}

std::size_t Listing::write(std::span<char> space) {
  assert(space.size() >= least_space);
  std::size_t written = 0;
  while (written < space.size()) {
    const std::span<char> rest = space.subspan(written);
    const bool is_at_rows = next_text_ == texts_.size() - 1 && !heap_.empty();
    if (!is_at_rows && next_text_ == texts_.size()) break;
    const std::size_t size = is_at_rows ? write_next_row(rest) : write_text(rest);
    if (is_at_rows && size == 0) break;
    written += size;
  }
  return written;
}

}  // namespace server
