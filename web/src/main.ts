import { mount } from "svelte";
import "./app.css";
import { loadConfig } from "./lib/config";
import App from "./ui/App.svelte";

const theme = new URLSearchParams(location.search).get("theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;

mount(App, { target: document.getElementById("app")!, props: { config: loadConfig() } });
