#include "nicbench/help_formatter.h"

#include <sstream>

namespace nic::bench {
namespace {

constexpr size_t kColumns = 79;

// CLI11 indents what stands behind a line end by itself.
std::string Wrap(const std::string& text, size_t width) {
  std::istringstream words(text);
  std::string word;
  std::string wrapped;
  size_t column = 0;
  while (words >> word) {
    const bool fits = column + 1 + word.size() <= width;
    if (column > 0) wrapped += fits ? " " : "\n";
    column = column > 0 && fits ? column + 1 + word.size() : word.size();
    wrapped += word;
  }
  return wrapped;
}

}  // namespace

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return Wrap(option->get_description(), kColumns - get_column_width());
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_display_name(true),
                           Wrap(command->get_description(), kColumns - get_column_width()), get_column_width());
  return out.str();
}

}  // namespace nic::bench
