// Covered by tests/server/pages/directory_page_test.cc, listing_test.cc and
// fuzz/listing_fuzzer.cc.
#include "apps/server/pages/directory_page.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "apps/server/pages/page_files.h"
#include "apps/server/pages/page_text.h"
#include "parser/target.h"

namespace server {

namespace {

// The directories above, each a link in the path of the page. Of a deeper path the first ones are
// left out, so that the size of a page has a bound.
constexpr std::size_t most_links = 24;

// The bytes of a name as HTML, at most: 255 bytes are 127 characters with a sign.
constexpr std::size_t most_name_html = 255 * 24;

constexpr std::string_view mark =
    "<svg viewBox=\"0 0 96 96\" aria-hidden=\"true\" fill=\"none\" stroke-width=\"15\">"
    "<path d=\"M10 60a38 21 0 0 1 76 0\" stroke=\"#a04d15\"/>"
    "<path d=\"M10 60a38 21 0 0 1 76 0\" stroke=\"#cf7630\" stroke-dasharray=\"6.4 3.2\"/>"
    "<path d=\"M40.5 14.5a7.5 7.5 0 0 1 15 0V72a7.5 3.5 0 0 1-15 0z\" fill=\"#1c6f6b\"/>"
    "<path d=\"M45.5 14v57\" stroke=\"#6cc0b8\" stroke-width=\"3.5\" stroke-linecap=\"round\"/>"
    "<path d=\"M10 60a38 21 0 0 0 76 0\" stroke=\"#b4571a\"/>"
    "<path d=\"M10 60a38 21 0 0 0 76 0\" stroke=\"#e48c42\" stroke-dasharray=\"6.4 3.2\"/></svg>";

// The text that `add(out)` writes.
template <class Add>
std::string text_of(const Add& add) {
  std::array<char, most_name_html> buffer;
  Out out(buffer);
  add(out);
  return std::string(out.text());
}

std::string html_of(std::string_view name) {
  return text_of([name](Out& out) { add_html(name, out); });
}

std::string plain_html_of(std::string_view name) {
  return text_of([name](Out& out) { add_plain_html(name, out); });
}

// The names of a path; none for the root.
std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  if (path == ".") return names;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    names.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

// The relative reference of the directory `levels` above.
std::string up(std::size_t levels) {
  std::string reference;
  for (std::size_t i = 0; i < levels; ++i) reference += "../";
  return reference;
}

void add_link(std::size_t levels, std::string_view attribute, std::string_view text,
              std::string& html) {
  html.append("<li><a").append(attribute).append(" href=\"").append(up(levels));
  html.append("\">").append(text).append("</a>\n");
}

// The list of the directories above, and the current one.
std::string path_of(const std::vector<std::string_view>& names) {
  const std::string home = std::string(mark) + "home";
  if (names.empty()) {
    return "<li><span class=\"home\" aria-current=\"page\">" + home + "</span>\n";
  }
  std::string html;
  add_link(names.size(), " class=\"home\"", home, html);
  const std::size_t left_out = names.size() > most_links ? names.size() - most_links : 0;
  if (left_out > 0) html += "<li><span>…</span>\n";
  for (std::size_t i = left_out; i + 1 < names.size(); ++i) {
    add_link(names.size() - 1 - i, "", html_of(names[i]), html);
  }
  html.append("<li><span aria-current=\"page\">").append(html_of(names.back()));
  return html.append("</span>\n");
}

void add_count(std::uint64_t count, std::string_view one, std::string_view many, Out& out) {
  out.add(count);
  out.add(count == 1 ? one : many);
}

// "2 folders, 41 files, 1.3 GiB"
std::string text_of_sum(const DirectorySum& sum) {
  return text_of([&sum](Out& out) {
    if (sum.directories > 0) add_count(sum.directories, " folder", " folders", out);
    if (sum.directories > 0 && sum.files > 0) out.add(", ");
    if (sum.files > 0) add_count(sum.files, " file", " files", out);
    if (sum.files > 0) out.add(", ");
    if (sum.files > 0) add_size(sum.bytes, out);
    if (sum.directories + sum.files == 0) out.add("no entries");
  });
}

struct Column {
  ListingOrder::By by;
  std::string_view key;
  std::string_view title;
  bool begins_descending;  // the largest and the latest files are looked for most
};

std::string columns(ListingOrder order) {
  static constexpr std::array<Column, 3> all = {
      {{ListingOrder::By::name, "name", "Name", false},
       {ListingOrder::By::size, "size", "Size", true},
       {ListingOrder::By::modified, "modified", "Modified", true}}};
  std::string html;
  for (const Column& column : all) {
    const bool is_current = column.by == order.by;
    const bool descends = is_current ? !order.descends : column.begins_descending;
    html += "<th scope=\"col\"";
    if (is_current) {
      html += order.descends ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
    }
    html.append("><button form=\"sort\" name=\"sort\" value=\"").append(descends ? "-" : "");
    html.append(column.key).append("\">").append(column.title).append("</button>");
  }
  return html;
}

std::string words_of(PageRights rights) {
  std::string words;
  const auto add = [&words](bool is_set, std::string_view word) {
    if (is_set) words.append(words.empty() ? "" : " ").append(word);
  };
  add(rights.upload, "upload");
  add(rights.replace, "replace");
  add(rights.rename, "rename");
  add(rights.resumable, "resumable");
  return words;
}

// The buttons of a GET form: crawlers follow links, and would fetch each directory as an archive.
std::string buttons_of(PageRights rights) {
  std::string html;
  if (rights.archives) {
    html += "<button name=\"tar\">tar</button><button name=\"zip\">zip</button>";
  }
  if (rights.sign_in) html += "<button name=\"sign-in\">Sign in</button>";
  return html.empty() ? html : "<form method=\"get\">" + html + "</form>\n";
}

struct StringSink {
  std::string text;
  void add(std::string_view more) { text += more; }
};

std::string filled(std::string_view page, std::span<const Filling> fillings) {
  StringSink sink;
  fill(page, fillings, sink);
  return std::move(sink.text);
}

}  // namespace

void DirectorySum::add(const Entry& entry) {
  directories += entry.is_directory ? 1 : 0;
  files += entry.is_directory ? 0 : 1;
  const std::uint64_t left = std::numeric_limits<std::uint64_t>::max() - bytes;
  bytes += entry.is_directory ? 0 : std::min(entry.size, left);
}

DirectoryFrame write_frame(std::string_view path, const DirectorySum& sum, ListingOrder order,
                           PageRights rights) {
  const PageFiles& files = page_files();
  const std::vector<std::string_view> names = names_of(path);
  const bool is_root = names.empty();
  std::string title = is_root ? "home" : plain_html_of(names.back());
  const std::string label = "Contents of " + title;
  if (names.size() > 1) title += " · " + plain_html_of(names[names.size() - 2]);
  title += " · quoit";
  const std::string heading = is_root ? "home" : html_of(names.back());
  const std::string ups = up(names.size());
  const std::string list = path_of(names);
  const std::string head = columns(order);
  const std::string summed = text_of_sum(sum);
  const std::string may = words_of(rights);
  const std::string buttons = buttons_of(rights);
  const bool is_empty = sum.directories + sum.files == 0;
  const std::array<Filling, 1> first = {{{"title", title}}};
  const std::array<Filling, 10> rest = {{{"up", ups},
                                         {"script", files.script_name},
                                         {"integrity", files.script_integrity},
                                         {"may", may},
                                         {"path", list},
                                         {"heading", heading},
                                         {"sum", summed},
                                         {"buttons", buttons},
                                         {"label", label},
                                         {"columns", head}}};
  const std::array<Filling, 1> last = {{{"hidden", is_empty ? "" : " hidden"}}};
  return {.begin = filled(files.page_begin, first),
          .middle = filled(files.page_middle, rest),
          .end = filled(files.page_end, last)};
}

std::size_t write_html_row(const Entry& entry, std::span<char> space) {
  Out out(space);
  std::array<char, 3 * 256> link;
  out.add("<tr><td><a href=\"");
  out.add(http1::encode_path(entry.name, link));
  out.add(entry.is_directory ? "/\">" : "\">");
  add_html(entry.name, out);
  if (entry.is_directory) {
    out.add("/</a><td>—");
  } else {
    out.add("</a><td title=\"");
    out.add(entry.size);
    out.add(" bytes\">");
    add_size(entry.size, out);
  }
  out.add("<td><time datetime=");
  add_time(entry.mtime_seconds, "T", out);
  out.add("Z>");
  add_time(entry.mtime_seconds, " ", out);
  out.add("</time>\n");
  return out.size();
}

}  // namespace server
