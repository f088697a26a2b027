// Fuzzes the writing of listings: each line of the input is the name of an entry, the first one
// that of the directory.
//
// Oracles:
//   - the page and the JSON have the announced length, however small the buffer is
//   - the links of JSON, decoded, are the names, directories first, sorted, each as often as it was
//     added; those of a page are in the order of its query
//   - no byte of a name ends an attribute, a tag or a string; all text is UTF-8
//   - the entity tag does not depend on the order of the entries
// Covered by the replay of corpus/listing in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "apps/server/pages/listing.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using server::Entry;
using server::Listing;
using server::ListingFormat;
using server::ListingOrder;

std::size_t runs_in_use = 0;

struct Shown {
  fuzz::Text content;
  fuzz::Text tag;
};

void show(const server::ListingTerms& terms, const std::vector<Entry>& entries, std::size_t room,
          Shown& shown) {
  Listing listing(terms, runs_in_use);
  for (const Entry& entry : entries) {
    require(listing.add(entry) == Listing::Added::fine, "a few entries are not too many");
  }
  require(listing.finish(), "there is memory for a frame");
  fuzz::Block piece(room);
  while (const std::size_t size = listing.write(piece.room())) {
    shown.content.append(piece.view().substr(0, size));
  }
  require(shown.content.view().size() == listing.length(), "a listing has the announced length");
  shown.tag.append(listing.tag());
}

int digit(char byte) {
  return byte >= '0' && byte <= '9'   ? byte - '0'
         : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                      : -1;
}

fuzz::Text decoded(std::string_view link) {
  fuzz::Text text;
  for (std::size_t i = 0; i < link.size(); ++i) {
    if (link[i] != '%') {
      text.append(link[i]);
      continue;
    }
    require(i + 2 < link.size() && digit(link[i + 1]) >= 0 && digit(link[i + 2]) >= 0,
            "an escape has two digits");
    text.append(static_cast<char>(digit(link[i + 1]) * 16 + digit(link[i + 2])));
    i += 2;
  }
  return text;
}

// The links behind `mark` are the names of `sorted`.
void check_links(std::string_view content, std::string_view mark,
                 const std::vector<Entry>& sorted) {
  for (const Entry& entry : sorted) {
    const std::size_t at = content.find(mark);
    require(at != std::string_view::npos, "each entry has a link");
    content.remove_prefix(at + mark.size());
    std::string_view link = content.substr(0, content.find('"'));
    require(link.empty() || link.find_first_of("<>&'\\ :") == std::string_view::npos,
            "a link can stand anywhere");
    if (entry.is_directory) {
      require(link.ends_with('/'), "a directory's link ends in a slash");
      link.remove_suffix(1);
    }
    require(decoded(link).view() == entry.name, "a link leads to its name");
  }
  require(content.find(mark) == std::string_view::npos, "there are no more links than entries");
}

// Checks UTF-8 by the table of RFC 3629 4, byte by byte.
void check_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U;
    };
    const auto tail = [&](std::size_t k, unsigned low = 0x80, unsigned high = 0xbf) {
      return at(k) >= low && at(k) <= high;
    };
    const unsigned a = at(0);
    std::size_t size = 0;
    if (a <= 0x7f) size = 1;
    if (a >= 0xc2 && a <= 0xdf && tail(1)) size = 2;
    if (a == 0xe0 && tail(1, 0xa0) && tail(2)) size = 3;
    if (((a >= 0xe1 && a <= 0xec) || a == 0xee || a == 0xef) && tail(1) && tail(2)) size = 3;
    if (a == 0xed && tail(1, 0x80, 0x9f) && tail(2)) size = 3;
    if (a == 0xf0 && tail(1, 0x90) && tail(2) && tail(3)) size = 4;
    if (a >= 0xf1 && a <= 0xf3 && tail(1) && tail(2) && tail(3)) size = 4;
    if (a == 0xf4 && tail(1, 0x80, 0x8f) && tail(2) && tail(3)) size = 4;
    require(size > 0, "a listing is UTF-8");
    i += size;
  }
}

// The characters of a name that the page shows as signs, found by their bytes.
std::size_t signs_of(std::string_view name) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto at = [&](std::size_t k) {
      return i + k < name.size() ? static_cast<unsigned char>(name[i + k]) : 0U;
    };
    const bool is_c1 = at(0) == 0xc2 && ((at(1) >= 0x80 && at(1) <= 0x9f) || at(1) == 0xad);
    const bool is_arabic = at(0) == 0xd8 && at(1) == 0x9c;
    const bool is_hangul = at(0) == 0xe1 && at(1) == 0x85 && (at(2) == 0x9f || at(2) == 0xa0);
    const bool is_mongolian = at(0) == 0xe1 && at(1) == 0xa0 && at(2) == 0x8e;
    const bool is_general =
        at(0) == 0xe2 && at(1) == 0x80 &&
        (at(2) == 0x8b || at(2) == 0x8e || at(2) == 0x8f || (at(2) >= 0xa8 && at(2) <= 0xae));
    const bool is_invisible = at(0) == 0xe2 && at(1) == 0x81 && at(2) >= 0xa0 && at(2) <= 0xaf;
    const bool is_filler = at(0) == 0xe3 && at(1) == 0x85 && at(2) == 0xa4;
    const bool is_high =
        at(0) == 0xef && ((at(1) == 0xbb && at(2) == 0xbf) || (at(1) == 0xbe && at(2) == 0xa0) ||
                          (at(1) == 0xbf && at(2) >= 0xb9 && at(2) <= 0xbb));
    const bool is_tag = at(0) == 0xf3 && at(1) == 0xa0 && (at(2) == 0x80 || at(2) == 0x81) &&
                        at(3) >= 0x80 && at(3) <= 0xbf;
    if (is_c1 || is_arabic || is_hangul || is_mongolian || is_general || is_invisible ||
        is_filler || is_high || is_tag) {
      ++count;
    }
  }
  return count;
}

// The number of such bytes in a page depends on the numbers of rows and signs, not on the names.
void check_markup(std::string_view page, const std::vector<Entry>& entries,
                  const server::ListingTerms& terms) {
  std::size_t signs = 0;
  std::vector<Entry> plain = entries;
  for (Entry& entry : plain) {
    signs += signs_of(entry.name);
    entry.name = "x";
  }
  Shown other;
  show(terms, plain, Listing::least_space, other);
  const auto many = [](std::string_view text, char byte) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), byte));
  };
  const std::string_view frame = other.content.view();
  require(many(page, '<') == many(frame, '<') + 2 * signs, "no name opens a tag");
  require(many(page, '>') == many(frame, '>') + 2 * signs, "no name ends a tag");
  require(many(page, '"') == many(frame, '"'), "no name ends an attribute");
}

// The page in an order of its own.
void check_page(std::string_view path, std::vector<Entry> entries, ListingOrder order) {
  const server::ListingTerms terms{.path = path, .order = order};
  Shown page;
  Shown small;
  show(terms, entries, 65536, page);
  std::reverse(entries.begin(), entries.end());
  show(terms, entries, Listing::least_space, small);
  require(page.tag.view() == small.tag.view(), "the tag does not depend on the order");
  check_markup(page.content.view(), entries, terms);
  check_utf8(page.content.view());
  std::stable_sort(entries.begin(), entries.end(), [order](const Entry& left, const Entry& right) {
    const bool precedes = server::precedes(left, right, order);
    require(!precedes || !server::precedes(right, left, order), "one of two precedes at most");
    return precedes;
  });
  std::string_view rows = page.content.view();
  rows.remove_prefix(rows.find("<tbody>"));
  const std::string_view up = "<tr><td><a href=\"../\">../</a>";
  require((path == ".") == (rows.find(up) == std::string_view::npos), "the root has no parent");
  if (path != ".") rows.remove_prefix(rows.find(up) + up.size());
  check_links(rows, "<td><a href=\"", entries);
}

void check(std::string_view path, std::vector<Entry> entries) {
  using By = ListingOrder::By;
  for (const By by : {By::name, By::size, By::modified}) {
    check_page(path, entries, {by, false});
    check_page(path, entries, {by, true});
  }
  Shown json;
  show({.format = ListingFormat::json, .path = path}, entries, 65536, json);
  check_utf8(json.content.view());
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    if (left.is_directory != right.is_directory) return left.is_directory;
    return left.name < right.name;
  });
  check_links(json.content.view(), "\",\"href\":\"", entries);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of_input(data, size);
  std::string_view name = ".";
  std::vector<Entry> entries;
  for (bool is_first = true; !rest.empty(); is_first = false) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!server::is_listable(line)) continue;
    if (is_first) {
      name = line;
      continue;
    }
    entries.push_back({.name = line,
                       .size = line.size() * 1'000'003,
                       .mtime_seconds = static_cast<std::int64_t>(line.size()) * 10'000'019,
                       .is_directory = line.size() % 3 == 0});
  }
  check(name, entries);
  return 0;
}
