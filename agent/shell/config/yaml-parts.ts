/**
 * What is used of the YAML library, in a module that is loaded at first use: most commands read none. Its package is not of
 * ECMAScript modules, and a bundle gives the names of such a one to a static import only.
 */
export { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
