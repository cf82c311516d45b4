// The page on a mock of its backend, all inside the browser: for work on the page without a server. Start it
// with `npm run dev` and open /mock/. It has no rules of its own worth trusting; the real ones are in Go.
import { mount } from "svelte";
import "../src/app.css";
import App from "../src/ui/App.svelte";
import { Mock } from "./mock";

const theme = new URLSearchParams(location.search).get("theme");
if (theme) document.documentElement.dataset.theme = theme;

const mock = new Mock();
mount(App, { target: document.getElementById("app")!, props: { config: Promise.resolve(mock.config), outside: mock.outside } });
