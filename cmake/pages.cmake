# The pages that quoitd makes are files of apps/server/pages/, which CMake writes into C++ sources
# when it configures; it does that again when one of the files changes. The style and the script of
# directories lose their comments and indents on the way, so that the files can have both.
#
#   quoit_status_page(SOURCE_VARIABLE)      the status page: one text with its style and script
#   quoit_directory_pages(SOURCE_VARIABLE)  the pages of directories and errors, and their script

# The base64 of a SHA-256 in hex, as Content-Security-Policy and the attribute integrity have it.
function(quoit_base64 hex variable)
  set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  set(base64)
  foreach(begin RANGE 0 60 6)  # 32 bytes: ten groups of three, and one of two
    string(SUBSTRING "${hex}0000" ${begin} 6 group)
    foreach(shift 18 12 6 0)
      math(EXPR digit "(0x${group} >> ${shift}) & 63")
      string(SUBSTRING ${alphabet} ${digit} 1 letter)
      string(APPEND base64 ${letter})
    endforeach()
  endforeach()
  string(SUBSTRING ${base64} 0 43 base64)
  set(${variable} "${base64}=" PARENT_SCOPE)
endfunction()

# The base64 of the SHA-256 of a text.
function(quoit_hash text variable)
  string(SHA256 hex "${text}")
  quoit_base64(${hex} base64)
  set(${variable} "${base64}" PARENT_SCOPE)
endfunction()

# Reads a file, on which configuring then depends.
function(quoit_read path variable)
  file(READ ${path} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# Removes comments from a style or a script, those of scripts where they have lines of their own, and
# the spaces at the beginning of lines.
function(quoit_shorten text variable)
  string(REGEX REPLACE "/\\*[^*]*\\*/" "" text "\n${text}")
  string(REGEX REPLACE "\n *//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "\n[ \n]*" "\n" text "${text}")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

function(quoit_status_page variable)
  set(folder ${PROJECT_SOURCE_DIR}/apps/server/pages/status)
  foreach(part html css js)
    quoit_read(${folder}/status.${part} ${part})
  endforeach()
  quoit_hash("${css}" style_hash)
  quoit_hash("${js}" script_hash)
  string(REPLACE "@style@" "${css}" html "${html}")
  string(REPLACE "@script@" "${js}" html "${html}")
  string(FIND "${html}" "@rows@" rows)
  string(SUBSTRING "${html}" 0 ${rows} begin)
  math(EXPR rows "${rows} + 7")
  string(SUBSTRING "${html}" ${rows} -1 end)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/status_page_text.cc)
  set(policy "default-src 'none'; style-src 'sha256-${style_hash}'; script-src 'sha256-${script_hash}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// The status page, made by cmake/pages.cmake of the files in apps/server/pages/status/.
#include \"apps/server/pages/status_page.h\"

namespace server {

std::string_view status_page_begin() {
  return R\"page(@begin@)page\";
}
std::string_view status_page_end() {
  return R\"page(@end@)page\";
}
std::string_view status_page_policy() {
  return \"@policy@\";
}

}  // namespace server
")
  set(${variable} ${source} PARENT_SCOPE)
endfunction()

function(quoit_directory_pages variable)
  set(folder ${PROJECT_SOURCE_DIR}/apps/server/pages/directory)
  foreach(file page.html end.html error.html icon.html page.css page.js)
    string(REPLACE . _ name ${file})
    quoit_read(${folder}/${file} ${name})
  endforeach()
  quoit_shorten("${page_css}" style)
  quoit_shorten("${page_js}" script)
  quoit_hash("${style}" style_hash)
  string(SHA256 hex "${script}")
  quoit_base64(${hex} script_hash)
  string(SUBSTRING ${hex} 0 16 script_id)
  foreach(source directory_page.cc page_text.cc listing.cc)  # they write the rows
    quoit_read(${folder}/../${source} ${source})
  endforeach()
  string(SHA256 version "${page_html}${end_html}${icon_html}${style}${script}\
${directory_page.cc}${page_text.cc}${listing.cc}")
  string(SUBSTRING ${version} 0 16 version)
  foreach(page page_html error_html)
    string(REPLACE "@icon@" "${icon_html}" ${page} "${${page}}")
  endforeach()
  string(FIND "${page_html}" "@style@" at)
  string(SUBSTRING "${page_html}" 0 ${at} page_begin)
  math(EXPR at "${at} + 7")
  string(SUBSTRING "${page_html}" ${at} -1 page_middle)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/page_files.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// The files of apps/server/pages/directory/, written by cmake/pages.cmake.
#include \"apps/server/pages/page_files.h\"

namespace server {

const PageFiles& page_files() {
  static constexpr PageFiles files = {
      .page_begin = R\"page(@page_begin@)page\",
      .page_middle = R\"page(@page_middle@)page\",
      .page_end = R\"page(@end_html@)page\",
      .error = R\"page(@error_html@)page\",
      .style = R\"page(@style@)page\",
      .script = R\"page(@script@)page\",
      .script_name = \".quoit-@script_id@.js\",
      .script_integrity = \"sha256-@script_hash@\",
      .version = 0x@version@,
      .field_lines =
          \"Content-Security-Policy: default-src 'none'; script-src 'sha256-@script_hash@'; style-src \"
          \"'sha256-@style_hash@'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \"
          \"base-uri 'none'; frame-ancestors 'none'\\r\\n\"
          \"X-Content-Type-Options: nosniff\\r\\n\",
  };
  return files;
}

}  // namespace server
")
  set(${variable} ${source} PARENT_SCOPE)
endfunction()
