// The man page as mdoc. Whether mandoc accepts that of each program is a test of its own.
#include "apps/options/man_page.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

void expect_lines(const std::string& page, std::initializer_list<const char*> parts) {
  std::size_t from = 0;
  for (const char* part : parts) {
    const std::size_t at = page.find(part, from);
    EXPECT_NE(at, std::string::npos) << "missing, or out of order: " << part << "\n" << page;
    if (at != std::string::npos) from = at;
  }
}

TEST(ManPage, has_its_sections_in_the_usual_order) {
  expect_lines(man_page(sample::server, "0.1.0"),
               {".Dd November 29, 2026\n.Dt SAMPLED 1\n.Os quoit 0.1.0\n",
                ".Sh NAME\n.Nm sampled\n.Nd serve samples\n",
                ".Sh SYNOPSIS\n.Nm sampled\n.Op Ar OPTION ...\n.Op Ar ROOT\n",
                ".Sh DESCRIPTION\nsampled serves samples.\n", ".Sh OPTIONS\n", ".Ss Serving\n",
                ".Ss Limits\n", ".Sh ENVIRONMENT\n", ".Sh FILES\n.Bl", ".It Pa /etc/mime.types\n",
                ".Sh SIGNALS\n", ".It Dv SIGTERM\nStops the server.\n", ".Sh EXIT STATUS\n",
                ".It  64\nWrong usage.\n", ".Sh EXAMPLES\n", ".Dl sampled \\-w /srv/files\n",
                ".Sh SEE ALSO\n.Xr sample 1\n"});
}

TEST(ManPage, says_of_an_option_what_the_table_says) {
  expect_lines(man_page(sample::server, "0.1.0"),
               {".It Ar ROOT\nDirectory to serve.\nDefault: ..\n",
                ".It Fl l , Fl \\-listen Ar ADDR\nAddress to listen on.\nIt may be given several "
                "times.\nDefault: 127.0.0.1:8080.\n",
                ".It Fl w , Fl \\-writable\nAllow PUT and DELETE.\nDefault: read\\-only.\n",
                ".It Fl \\-durability Ar none | data | full\nWhat a power cut leaves of an "
                "upload.\nIt costs time.\nDefault: none.\n",
                ".It Fl \\-header Ar LINE\n\\(aqName: value\\(aq for every response.\n",
                ".It Fl \\-max\\-head Ar BYTES\nLargest request head; 431 beyond.\nDefault: 16K, "
                "twice a browser\\(aqs largest cookies.\nAllowed: bytes from 256 to 63K.\n",
                ".It Ev QUOIT_LISTEN\nSets \\-\\-listen; values separated by commas.\n",
                ".It Ev QUOIT_HEADER\nSets \\-\\-header; a line for each value.\n"});
}

TEST(ManPage, of_a_program_with_verbs_describes_each) {
  const std::string page = man_page(sample::client, "0.1.0");
  expect_lines(page,
               {".Nm sample\n.Cm get\n.Ar URL ...\n", ".Nm sample\n.Cm put\n.Ar FILE\n.Ar URL\n",
                ".It sample put FILE URL\nSends a file.\n", ".Sh VERBS\n",
                ".It Cm get\nGet files.\nEach file is named after its URL.\n",
                ".Dl sample get http://host/a\n", ".Sh OPTIONS\n"});
  EXPECT_EQ(page.find(".Sh FILES"), std::string::npos);
}

TEST(ManPage, takes_no_text_for_a_macro) {
  static constexpr std::array rows = {
      Option{.name = "a", .kind = Kind::flag, .help = ".Sh is a heading", .details = "\\fB 'x'"}};
  const std::string page =
      man_page(Program{.name = "p", .description = ".x", .options = rows}, "1");
  expect_lines(page, {".Sh DESCRIPTION\n\\&.x\n", "\\&.Sh is a heading.\n\\efB \\(aqx\\(aq\n"});
}

}  // namespace
}  // namespace options
