// CLI11's help, with descriptions wrapped so that a line fits 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace nic::bench {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace nic::bench
