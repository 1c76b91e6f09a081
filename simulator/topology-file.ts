/**
 * Where the simulator reads its topologies: the same reader with which the Service Center's command line enrolls.
 */
export { parseTopology, readTopologyFile, TopologyFileError } from '../controller/topology/topology-file.ts'
