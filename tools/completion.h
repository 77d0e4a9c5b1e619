// Completions of the command line for shells, made of the options themselves.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace nic::tools {

// The shells that --completion takes.
inline constexpr const char* kShells[] = {"bash", "zsh", "fish"};

// The script that completes the options of `app`, the values of those that take a file, a folder or one of few words,
// and files. `shell` is one of kShells.
std::string CompletionScript(const CLI::App& app, const std::string& shell);

}  // namespace nic::tools
