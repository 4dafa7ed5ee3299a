//! The tools that a model is offered: gathered from toolsets, each with its schema ready to check arguments.

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::tools::Tool;
use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use crate::plugin::handle::ToolsHandle;
use crate::turn::limits;
use crate::turn::text::one_line;

/// The tools of some toolsets.
#[derive(Clone, Default)]
pub struct Toolbox {
    entries: Vec<Entry>,
}

/// A tool and where it comes from.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) tool: Tool,
    pub(super) handle: ToolsHandle,
    schema: Validator,
}

impl Toolbox {
    /// Asks toolsets for their tools. What cannot be offered is left out and told: a toolset that does not
    /// answer, a schema that is none, a name that two toolsets claim.
    pub async fn gather(toolsets: &[ToolsHandle]) -> (Self, Vec<PluginError>) {
        let (mut entries, mut problems): (Vec<Entry>, Vec<PluginError>) = Default::default();
        let mut refused = Vec::new();
        for handle in toolsets {
            let tools = match handle.tools().await {
                Ok(tools) => tools,
                Err(error) => {
                    problems.push(left_out(handle, "its tools", error.message));
                    continue;
                }
            };
            for tool in tools {
                let name = format!("`{}`", tool.name);
                if let Some(other) = entries.iter().position(|entry| entry.tool.name == tool.name) {
                    let plugin = entries[other].handle.origin().plugin.clone();
                    problems.push(left_out(handle, &name, format!("plugin `{plugin}` offers it too")));
                    refused.push(tool.name);
                    continue;
                }
                match validator(&tool) {
                    Ok(schema) => entries.push(Entry { tool, handle: handle.clone(), schema }),
                    Err(error) => problems.push(left_out(handle, &name, error)),
                }
            }
        }
        entries.retain(|entry| !refused.contains(&entry.tool.name));
        (Self { entries }, problems)
    }

    /// The tools, as a model is told.
    #[must_use]
    pub fn tools(&self) -> Vec<Tool> {
        self.entries.iter().map(|entry| entry.tool.clone()).collect()
    }

    /// The names of the tools, each with the plugin that it comes from.
    #[must_use]
    pub fn origins(&self) -> Vec<(&str, &str)> {
        self.entries.iter().map(|entry| (entry.tool.name.as_str(), entry.handle.origin().plugin.as_str())).collect()
    }

    /// Finds a tool.
    ///
    /// # Errors
    /// A text for the model that names what there is.
    pub(super) fn find(&self, name: &str) -> Result<&Entry, String> {
        self.entries.iter().find(|entry| entry.tool.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.entries.iter().map(|entry| entry.tool.name.as_str()).collect();
            match names.is_empty() {
                true => format!("There is no tool `{name}`: no tools are offered"),
                false => format!("There is no tool `{name}`. The tools are: {}", names.join(", ")),
            }
        })
    }
}

impl Entry {
    /// Checks arguments against the tool's schema.
    ///
    /// # Errors
    /// A text for the model that names what does not fit, and where.
    pub(super) fn check(&self, arguments: &Map<String, Value>) -> Result<Value, String> {
        let arguments = Value::Object(arguments.clone());
        let faults: Vec<String> = self.schema.iter_errors(&arguments).take(5).map(|error| fault(&error)).collect();
        match faults.is_empty() {
            true => Ok(arguments),
            false => Err(format!("The arguments of `{}` do not fit its schema: {}", self.tool.name, faults.join("; "))),
        }
    }
}

fn fault(error: &jsonschema::ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    let what = one_line(&error.to_string(), limits::EXCERPT);
    if path.is_empty() { what } else { format!("{path}: {what}") }
}

/// The schema, checked in linear time: a toolset may come from anywhere.
fn validator(tool: &Tool) -> Result<Validator, String> {
    let empty = serde_json::json!({ "type": "object" });
    let schema = if tool.input_schema.is_null() { &empty } else { &tool.input_schema };
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    options.build(schema).map_err(|error| format!("its schema is wrong: {}", one_line(&error.to_string(), 200)))
}

fn left_out(handle: &ToolsHandle, what: &str, why: String) -> PluginError {
    PluginError::config(format!("Plugin `{}`: {what} cannot be offered: {why}", handle.origin().plugin))
}
