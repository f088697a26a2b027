// Content types by extension: the built-in table, and a file that overrides it.
#include "apps/server/files/mime.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

constexpr const char* unknown = "application/octet-stream";

TEST(Types, are_found_by_the_end_of_a_name) {
  const Mime mime;
  EXPECT_EQ(mime.type_of("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(mime.type_of("a/b.c/d.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.wasm"), "application/wasm");
  EXPECT_EQ(mime.type_of("A.PnG"), "image/png");
  EXPECT_EQ(mime.type_of("a.tar.gz"), "application/gzip");
  EXPECT_EQ(mime.type_of("a.json"), "application/json");
  EXPECT_EQ(mime.type_of(".css"), "text/css; charset=utf-8");
}

TEST(Types, of_names_without_a_known_extension_are_octet_stream) {
  const Mime mime;
  for (const char* name : {"", ".", "a", "a.", "a.b/c", "html", "a.html/", "a.htmlx", "a.\xc3\xa9",
                           "a.an-extension-that-is-very-long-indeed"}) {
    EXPECT_EQ(mime.type_of(name), unknown) << name;
  }
}

TEST(Types, of_a_file_override_the_built_in_ones) {
  const lab::Folder folder;
  folder.put("types",
             "# a comment\n"
             "\n"
             "application/x-quoit\tquoit  qt # another\n"
             "text/x-other        png\n"
             "application/javascript js mjs\n"
             "application/none\n"
             "nonsense zip\n"
             "a/b/c zip\n"
             "/ zip\n"
             "a/\x01 zip\n" +
                 std::string(300, 'a') + "/b zip\n");
  Mime mime;
  ASSERT_TRUE(mime.read((folder / "types").string()));
  EXPECT_EQ(mime.type_of("a.quoit"), "application/x-quoit");
  EXPECT_EQ(mime.type_of("a.QT"), "application/x-quoit");
  EXPECT_EQ(mime.type_of("a.png"), "text/x-other; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.another"), unknown);
  EXPECT_EQ(mime.type_of("a.zip"), "application/zip");
}

TEST(Types, of_an_extension_with_two_lines_are_those_of_the_last) {
  const lab::Folder folder;
  folder.put("types", "a/one x y\r\na/two z y\na/three y");
  Mime mime;
  ASSERT_TRUE(mime.read((folder / "types").string()));
  EXPECT_EQ(mime.type_of("a.x"), "a/one");
  EXPECT_EQ(mime.type_of("a.y"), "a/three");
  EXPECT_EQ(mime.type_of("a.z"), "a/two");
  folder.put("more", "a/four y sixteen-letters0 seventeen-letters");
  ASSERT_TRUE(mime.read((folder / "more").string()));
  EXPECT_EQ(mime.type_of("a.x"), "a/one");
  EXPECT_EQ(mime.type_of("a.y"), "a/four");
  EXPECT_EQ(mime.type_of("a.Sixteen-Letters0"), "a/four");
  EXPECT_EQ(mime.type_of("a.seventeen-letters"), unknown);
  EXPECT_EQ(mime.type_of("a.seventeen-letter"), unknown);
}

TEST(Types, stay_as_they_are_without_a_file) {
  Mime mime;
  EXPECT_FALSE(mime.read("/nowhere/mime.types"));
  EXPECT_EQ(mime.type_of("a.html"), "text/html; charset=utf-8");
}

// Browsers refuse modules and WebAssembly of any other type, whatever the system says.
TEST(Types, that_browsers_require_are_not_overridden_by_a_file) {
  const lab::Folder folder;
  folder.put("types",
             "application/x wasm mjs js\n"
             "text/x html HTM css svg\n");
  Mime mime;
  ASSERT_TRUE(mime.read((folder / "types").string()));
  EXPECT_EQ(mime.type_of("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.htm"), "text/html; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.css"), "text/css; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.svg"), "image/svg+xml");
  EXPECT_EQ(mime.type_of("a.wasm"), "application/wasm");
  EXPECT_EQ(mime.type_of("a.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(mime.type_of("a.mjs"), "text/javascript; charset=utf-8");
}

}  // namespace
}  // namespace server
