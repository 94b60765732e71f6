// A Vite page with nothing in it, to measure a start against.
document.getElementById('app')!.innerHTML = '<button id="there">there</button>'
