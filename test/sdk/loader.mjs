// loader.mjs - futu-api ships ES modules in files that its package.json does not call modules. Newer
// Node.js finds that out by itself; for 18 this hook says so. The package itself is not touched.
const esm = /\/node_modules\/futu-api\/(main|base)\.js$/;

export function load(url, context, next) {
    return next(url, esm.test(url) ? { ...context, format: 'module' } : context);
}
