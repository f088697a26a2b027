// The frame of the page of a directory, its signs for characters that control text, and the files
// that the build puts into the program.
#include "apps/server/pages/directory_page.h"

#include <string>

#include <gtest/gtest.h>

#include "apps/server/pages/page_files.h"

namespace server {
namespace {

constexpr ListingOrder by_name{.by = ListingOrder::By::name};

std::string frame(std::string_view path, const DirectorySum& sum = {}, ListingOrder order = by_name,
                  PageRights rights = {}) {
  const DirectoryFrame all = write_frame(path, sum, order, rights);
  return all.begin + all.middle + all.end;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Frame, names_its_directory_and_the_way_to_it) {
  const std::string page = frame("photos/20<26");
  EXPECT_TRUE(contains(page, "<title>20&lt;26 · photos · quoit</title>"));
  EXPECT_TRUE(contains(page, "<h1>20&lt;26</h1>"));
  EXPECT_TRUE(contains(page, "<li><a class=\"home\" href=\"../../\"><svg"));
  EXPECT_TRUE(contains(page, "<li><a href=\"../\">photos</a>\n"));
  EXPECT_TRUE(contains(page, "<li><span aria-current=\"page\">20&lt;26</span>"));
  EXPECT_TRUE(contains(page, "aria-label=\"Contents of 20&lt;26\""));
  EXPECT_TRUE(contains(page, "src=\"../../" + std::string(page_files().script_name)));
  const std::string root = frame(".");
  EXPECT_TRUE(contains(root, "<title>home · quoit</title>"));
  EXPECT_TRUE(contains(root, "src=\"" + std::string(page_files().script_name)));
  EXPECT_FALSE(contains(root, "href=\"../"));
}

TEST(Frame, has_no_place_left) {
  const std::string page = frame("a", {1, 2, 3}, by_name, {true, true, true, true});
  EXPECT_FALSE(contains(page, "@"));
}

// A path of 2,000 names would need a page of megabytes.
TEST(Frame, of_a_deep_directory_leaves_out_the_middle_of_its_path) {
  std::string path = "n0";
  for (int i = 1; i < 1300; ++i) path += "/n" + std::to_string(i % 10);
  const std::string page = frame(path);
  EXPECT_TRUE(contains(page, "<li><span>…</span>"));
  EXPECT_LT(page.size(), 150'000U);
}

TEST(Frame, sums_up) {
  EXPECT_TRUE(contains(frame(".", {2, 41, 1'395'864'371}), "2 folders, 41 files, 1.2 GiB"));
  EXPECT_TRUE(contains(frame(".", {1, 1, 9}), "1 folder, 1 file, 9 B"));
  EXPECT_TRUE(contains(frame(".", {0, 3, 0}), ">3 files, 0 B"));
  EXPECT_TRUE(contains(frame(".", {3, 0, 0}), ">3 folders<"));
  EXPECT_TRUE(contains(frame("."), "id=\"none\">This folder is empty.</p>"));
  EXPECT_TRUE(contains(frame(".", {0, 1, 0}), "id=\"none\" hidden>"));
  DirectorySum sum;
  sum.add({"a", UINT64_MAX, 0});
  sum.add({"b", 1, 0});
  sum.add({"c", 4096, 0, true});
  EXPECT_EQ(sum.bytes, UINT64_MAX);
  EXPECT_EQ(sum.files, 2U);
  EXPECT_EQ(sum.directories, 1U);
}

TEST(Frame, offers_each_order_and_then_its_reverse) {
  const std::string page = frame(".");
  EXPECT_TRUE(contains(page,
                       "<th scope=\"col\" aria-sort=\"ascending\"><button form=\"sort\" "
                       "name=\"sort\" value=\"-name\">Name</button>"));
  EXPECT_TRUE(contains(page,
                       "<th scope=\"col\"><button form=\"sort\" name=\"sort\" "
                       "value=\"-size\">Size</button>"));
  const std::string by_size = frame(".", {}, {ListingOrder::By::size, true});
  EXPECT_TRUE(contains(by_size,
                       "aria-sort=\"descending\"><button form=\"sort\" name=\"sort\" "
                       "value=\"size\">"));
  EXPECT_TRUE(contains(by_size, "value=\"name\""));
}

TEST(Frame, says_what_the_asker_may_do) {
  EXPECT_TRUE(contains(frame("."), "data-may=\"\""));
  const std::string page =
      frame(".", {}, by_name, {.upload = true, .replace = true, .resumable = true});
  EXPECT_TRUE(contains(page, "data-may=\"upload replace resumable\""));
  EXPECT_FALSE(contains(page, "Sign in"));
  EXPECT_TRUE(contains(frame(".", {}, by_name, {.sign_in = true}), ">Sign in</button>"));
}

std::string row(std::string_view name) {
  std::string space(8192, '?');
  const std::size_t size = write_html_row({name, 1, 0}, space);
  const std::string all = space.substr(0, size);
  const std::size_t begin = all.find("\">") + 2;
  return all.substr(begin, all.find("</a>") - begin);
}

// wget -r follows links and presses no buttons.
TEST(Frame, offers_archives_by_buttons) {
  EXPECT_FALSE(contains(frame("."), "<form method=\"get\">"));
  const std::string page = frame(".", {}, by_name, {.sign_in = true, .archives = true});
  EXPECT_TRUE(contains(page,
                       "<form method=\"get\"><button name=\"tar\">tar</button>"
                       "<button name=\"zip\">zip</button>"
                       "<button name=\"sign-in\">Sign in</button></form>"));
}

// The character stays in the text, so that a copied name is exact; outside of its element it has no
// effect.
TEST(Rows, show_characters_that_control_text_as_signs) {
  EXPECT_EQ(row("invoice\u202efdp.exe"), "invoice<i class=sign data-sign=U+202E>\u202e</i>fdp.exe");
  EXPECT_EQ(row("a\u200bb"), "a<i class=sign data-sign=U+200B>\u200b</i>b");
  EXPECT_EQ(row("\xc2\x85"), "<i class=sign data-sign=U+0085>\xc2\x85</i>");
  EXPECT_EQ(row("\U000e0041"), "<i class=sign data-sign=U+E0041>\U000e0041</i>");
  // Persian words and joined emoji need these.
  EXPECT_EQ(row("\u200c\u200d"), "\u200c\u200d");
  EXPECT_TRUE(contains(frame("a\u202eb"), "<title>a\ufffdb · quoit</title>"));
}

TEST(Files, stay_within_their_sizes) {
  EXPECT_LE(page_files().script.size(), 25U * 1024);
  EXPECT_LE(page_files().style.size(), 20U * 1024);
}

TEST(Files, have_the_hashes_that_the_policy_names) {
  const PageFiles& files = page_files();
  const std::string policy(files.field_lines);
  EXPECT_TRUE(contains(policy, "script-src '" + std::string(files.script_integrity) + "'"));
  EXPECT_TRUE(contains(policy, "default-src 'none'"));
  EXPECT_FALSE(contains(policy, "unsafe"));
  EXPECT_TRUE(policy.ends_with("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_TRUE(files.script_name.starts_with(".quoit-"));
  EXPECT_EQ(files.script_name.size(), 26U);
}

}  // namespace
}  // namespace server
