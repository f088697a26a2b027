// Covered by tests/server/pages/status_page_test.cc.
#include "apps/server/pages/status_page.h"

namespace server {

std::string write_status_page(std::span<const StatusRow> rows) {
  std::string page(status_page_begin());
  for (const StatusRow& row : rows) {
    page.append("<tr><th scope=\"row\">").append(row.name).append("</th><td>");
    page.append(row.value).append("</td></tr>\n");
  }
  page += status_page_end();
  return page;
}

}  // namespace server
