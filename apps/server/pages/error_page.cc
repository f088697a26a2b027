// Covered by tests/server/pages/error_page_test.cc.
#include "apps/server/pages/error_page.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "apps/server/pages/page_files.h"
#include "apps/server/pages/page_text.h"

namespace server {

namespace {

// From a deeper path, the link to the root is absolute.
constexpr std::ptrdiff_t most_levels = 64;

void add_link(std::string_view reference, std::string_view text, Out& out) {
  out.add("<a href=\"");
  out.add(reference);
  out.add("\">");
  out.add(text);
  out.add("</a>");
}

void add_links(const ErrorPage& page, Out& out) {
  const std::ptrdiff_t levels = std::count(page.path.begin(), page.path.end(), '/') - 1;
  const bool names_directory = page.path.ends_with('/');
  if (page.status == 401) {
    add_link("", "Sign in", out);
    out.add(" · ");
  }
  if (levels <= 0 || levels > most_levels) return add_link("/", "Back to the first page", out);
  add_link(names_directory ? "../" : "./", "Back to the folder", out);
  out.add(" · ");
  std::array<char, 3 * most_levels> ups{};
  for (std::ptrdiff_t i = 0; i < levels; ++i) {
    std::string_view("../").copy(ups.data() + 3 * i, 3);
  }
  add_link({ups.data(), static_cast<std::size_t>(3 * levels)}, "First page", out);
}

// A sentence of a text: with a capital and a full stop.
void add_sentence(std::string_view text, Out& out) {
  if (text.empty()) return;
  const bool is_small = text.front() >= 'a' && text.front() <= 'z';
  const char first = is_small ? static_cast<char>(text.front() - 'a' + 'A') : text.front();
  add_html({&first, 1}, out);
  add_html(text.substr(1), out);
  out.add(".");
}

}  // namespace

std::size_t write_error_page(const ErrorPage& page, std::span<char> space) {
  std::array<char, 3> digits{};
  std::array<char, 2048> sentence;
  std::array<char, 512> links;
  Out number(digits);
  Out text(sentence);
  Out back(links);
  number.add(static_cast<std::uint64_t>(page.status));
  add_sentence(page.sentence, text);
  add_links(page, back);
  const std::array<Filling, 5> fillings = {{{"status", number.text()},
                                            {"reason", page.reason},
                                            {"style", page_files().style},
                                            {"sentence", text.text()},
                                            {"links", back.text()}}};
  Out out(space);
  fill(page_files().error, fillings, out);
  return out.size();
}

}  // namespace server
